import type { AttackName } from './isolation-report.js';
import { ATTACK_NAMES, ATTACKS } from './verdict-signs.js';

/** The rule of an entrance that could not be tried at all, or whose branches nothing reached. */
export const WHOLE = 'unproven';

/** Each attack as a sentence that stands alone, and the mending of a leak that was found by it. */
const DESCRIPTIONS: Readonly<Record<AttackName | typeof WHOLE, readonly [tried: string, help: string]>> = {
  own: [
    "A tenant's own request holds, writes or logs nothing of another tenant's.",
    'The query behind it is not bound to the tenant: ask for rows by the tenant of the context. Where it is unproven, give an example that works.',
  ],
  'no-tenant': [
    'A request of which neither the host nor a token names a tenant is refused.',
    'Ask for the tenant where the request comes in, and declare public what is meant for everybody.',
  ],
  'other-host': [
    "A tenant's token is refused on another tenant's host.",
    'Compare the tenant of the token with that of the host, and refuse where they disagree.',
  ],
  'foreign-id': [
    "Ids of another tenant's rows in path, query, body and nested fields lead to nothing of it, and change nothing of it.",
    'Look every id that a request brings up together with the tenant of the context: the ids of lists and of nested objects too.',
  ],
  existence: [
    "An id of another tenant's is answered as one that nobody has, and a value that only the other has is not taken.",
    'Answer both with the same status and the same text, and make keys unique within a tenant.',
  ],
  'tenant-field': [
    'A tenant named in a field of body or query decides nothing.',
    'Take the tenant from the context alone, and leave its field out of what a request may set.',
  ],
  inputs: [
    "Inputs that may be left out (flags, filters, pages, formats, headers, cookies) lead to nothing of another tenant's.",
    'A branch that only this input reaches forgets the tenant: bind its query as the others are bound.',
  ],
  'tenant-header': [
    'A tenant named in an unsigned header decides nothing.',
    'Trust the host or a signed token; a header only behind a proxy that sets it itself.',
  ],
  'warm-cache': [
    "What another tenant has called before changes nothing about a tenant's answer.",
    'Put the tenant into the key of the cache, and into whatever else is remembered between requests.',
  ],
  interference: [
    "Changes of another tenant's rows move nothing in a tenant's answer: no count, sum, rank or page.",
    'Bind aggregates and subqueries to the tenant, and number rows within one.',
  ],
  interleaved: [
    'Requests of two tenants at once get the answers that they get alone.',
    'Keep what belongs to a request in its context, and not in a field of a singleton or a variable of a module.',
  ],
  situations: [
    "A request that another tenant cancels, or that fails half-way, leaves nothing behind for a tenant, and a failing request tells nothing of another's.",
    'Give back what a request has borrowed (connections, settings, locks) in a `finally`, and do not answer with what an error holds.',
  ],
  'answer-headers': [
    "The answer's headers let no shared cache and no page of another tenant's origin have it.",
    'Send `Cache-Control: private`, and allow credentials to the own origin alone.',
  ],
  worlds: [
    'In a fresh application a tenant is answered the same, whether another tenant has called everything before, or never did.',
    'Something is remembered in the process, or made by whoever calls first: keep it by tenant.',
  ],
  [WHOLE]: [
    'Everything that is reached from outside is tried, so that nothing passes because nobody looked.',
    'Write the example that the message names, reach the branches that it names, or exempt the entrance with a reason.',
  ],
};

/** The rules of SARIF: one for each attack, and one for what could not be tried. */
export const RULES = ([...ATTACK_NAMES, WHOLE] as const).map((id) => {
  const [tried, help] = DESCRIPTIONS[id];
  return {
    id,
    shortDescription: { text: id === WHOLE ? 'nobody has proven the entrance' : ATTACKS[id] },
    fullDescription: { text: tried },
    help: { text: help },
    defaultConfiguration: { level: id === WHOLE ? 'warning' : 'error' },
  };
});
