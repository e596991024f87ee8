import { FIXES } from './fixes.js';
import type { AttackName } from './isolation-report.js';
import { ATTACK_NAMES, ATTACKS } from './verdict-signs.js';

/** The rule of an entrance that could not be tried at all, or whose branches nothing reached. */
export const WHOLE = 'unproven';

/** Each attack as a sentence that stands alone. */
const DESCRIPTIONS: Readonly<Record<AttackName | typeof WHOLE, string>> = {
  own: "A tenant's own request holds, writes or logs nothing of another tenant's.",
  'no-tenant': 'A request of which neither the host nor a token names a tenant is refused.',
  'other-host': "A tenant's token is refused on another tenant's host.",
  'foreign-id':
    "Ids of another tenant's rows in path, query, body and nested fields lead to nothing of it, and change nothing of it.",
  existence:
    "An id of another tenant's is answered as one that nobody has, and a value that only the other has is not taken.",
  'tenant-field': 'A tenant named in a field of body or query decides nothing.',
  inputs:
    "Inputs that may be left out (flags, filters, pages, formats, headers, cookies) lead to nothing of another tenant's.",
  'tenant-header': 'A tenant named in an unsigned header decides nothing.',
  'warm-cache': "What another tenant has called before changes nothing about a tenant's answer.",
  interference: "Changes of another tenant's rows move nothing in a tenant's answer: no count, sum, rank or page.",
  interleaved: 'Requests of two tenants at once get the answers that they get alone.',
  overheard: 'An open socket, subscription or stream of a tenant is sent nothing of what another tenant does.',
  situations:
    "A request that another tenant cancels, or that fails half-way, leaves nothing behind for a tenant, and a failing request tells nothing of another's.",
  'answer-headers': "The answer's headers let no shared cache and no page of another tenant's origin have it.",
  stamps:
    'A job or a message that no tenant has stamped, and one of a tenant that is suspended or unknown, is refused.',
  worlds:
    'In a fresh application a tenant is answered the same, whether another tenant has called everything before, or never did.',
  [WHOLE]: 'Everything that is reached from outside is tried, so that nothing passes because nobody looked.',
};

const WRITE =
  'Write the example that the message names, reach the branches that it names, or exempt the entrance with a reason.';

/** Help beside that for leaks. */
const MORE: Readonly<Partial<Record<AttackName, string>>> = {
  own: 'Where it is unproven, give an example that works.',
};

/** The rules of SARIF: one for each attack, and one for what could not be tried. */
export const RULES = ([...ATTACK_NAMES, WHOLE] as const).map((id) => ({
  id,
  shortDescription: { text: id === WHOLE ? 'nobody has proven the entrance' : ATTACKS[id] },
  fullDescription: { text: DESCRIPTIONS[id] },
  help: { text: id === WHOLE ? WRITE : [FIXES[id], MORE[id]].filter(Boolean).join(' ') },
  defaultConfiguration: { level: id === WHOLE ? 'warning' : 'error' },
}));
