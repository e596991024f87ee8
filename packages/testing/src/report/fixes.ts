import type { AttackName, EntranceResult } from './isolation-report.js';

/** The usual way to end a leak, by the attack that found it. */
export const FIXES: Readonly<Record<AttackName, string>> = {
  own: 'put the tenant of the context (`TenantContext.tenantId`) into every query, or let an adapter do it (@tenancy/postgres, @tenancy/prisma, @tenancy/typeorm)',
  'no-tenant': 'let nothing of a tenant be read or written where nobody is signed in: no `@Untenanted()` here',
  'other-host': 'take the tenant from the context, which refuses a token on the host of another',
  'foreign-id': 'look a row up by its id and the tenant of the context, also one that a body or a query names',
  existence: "answer another tenant's id as one that nobody has, and let values be unique within a tenant alone",
  'tenant-field': 'take the tenant from the context, never from a body or a query',
  inputs: 'let the condition of the tenant hold whatever the input says',
  'tenant-header': 'take the tenant from what is signed, never from a header that anybody may send',
  'warm-cache': 'put the tenant into the key of every cache',
  interference: "count, sum and sort the tenant's own rows alone",
  interleaved: 'keep nothing of a tenant in fields of providers: read it from the context in each call',
  situations: 'give back in `finally` what a request has changed: connections, transactions, fields of providers',
  'answer-headers': 'answer with `Cache-Control: private`, and allow credentials to the origins of the tenant alone',
  worlds: 'keep nothing of a tenant in the memory of the process without its id: caches, fields of providers, sessions',
};

/** The way to mend a leak, and where to begin; null of an entrance that has none. The first attack is the plainest. */
export function fixOf({ entrance, attacks, handlerAt }: EntranceResult): string | null {
  const leak = attacks.find(({ verdict, accepted }) => verdict === 'leaks' && accepted === undefined);
  if (!leak) return null;
  const place = handlerAt ? `${handlerAt.file}:${handlerAt.line}` : null;
  const from = entrance.handler ? `${entrance.handler}${place ? ` (${place})` : ''}` : place;
  return `Fix${from ? `, from ${from} on` : ''}: ${FIXES[leak.attack]}.`;
}
