import type { AttackName, EntranceResult } from './isolation-report.js';

/** The mending of a leak, by the attack that found it. */
export const FIXES: Readonly<Record<AttackName, string>> = {
  own: 'The query behind it is not bound to the tenant: ask for rows by the tenant of the context.',
  'no-tenant': 'Ask for the tenant where the request comes in, and declare public what is meant for everybody.',
  'other-host': 'Compare the tenant of the token with that of the host, and refuse where they disagree.',
  'foreign-id':
    'Look every id that a request brings up together with the tenant of the context: the ids of lists and of nested objects too.',
  existence: 'Answer both with the same status and the same text, and make keys unique within a tenant.',
  'tenant-field': 'Take the tenant from the context alone, and leave its field out of what a request may set.',
  inputs: 'A branch that only this input reaches forgets the tenant: bind its query as the others are bound.',
  'tenant-header': 'Trust the host or a signed token; a header only behind a proxy that sets it itself.',
  'warm-cache': 'Put the tenant into the key of the cache, and into whatever else is remembered between requests.',
  interference: 'Bind aggregates and subqueries to the tenant, and number rows within one.',
  interleaved:
    'Keep what belongs to a request in its context, and not in a field of a singleton or a variable of a module.',
  overheard:
    'Send to sockets and subscriptions by the tenant: `tenantSockets(adapter)` for gateways, `TenantPubSub` for topics.',
  situations:
    'Give back what a request has borrowed (connections, settings, locks) in a `finally`, and do not answer with what an error holds.',
  'answer-headers': 'Send `Cache-Control: private`, and allow credentials to the own origin alone.',
  stamps:
    "Have the queue made by `TenantBullModule` and the clock by `TenantScheduleModule`, and mark `@Untenanted()` what is nobody's.",
  worlds: 'Something is remembered in the process, or made by whoever calls first: keep it by tenant.',
};

/** The way to mend a leak, and where to begin; null of an entrance that has none. The first attack is the plainest. */
export function fixOf({ entrance, attacks, handlerAt }: EntranceResult): string | null {
  const leak = attacks.find(({ verdict, accepted }) => verdict === 'leaks' && accepted === undefined);
  if (!leak) return null;
  const place = handlerAt ? `${handlerAt.file}:${handlerAt.line}` : null;
  const from = entrance.handler ? `${entrance.handler}${place ? ` (${place})` : ''}` : place;
  return `Fix it${from ? `, from ${from} on` : ''}. ${FIXES[leak.attack]}`;
}
