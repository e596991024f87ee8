import { type Call, refused } from './call.js';
import { sharedWrite } from './data.js';
import type { Operation } from './operations.js';
import { entriesOf, structure } from './structure.js';

/**
 * The arguments a call may reach the database with: the caller's, within the tenant. Theirs are not changed.
 *
 * @throws `scope_refused` for what is not known to be safe, `tenant_conflict` for another tenant's name.
 */
export function scopeArguments(args: unknown, call: Call, { kind, rules }: Operation): Record<string, unknown> {
  if (kind === 'write' && call.model.tenantField === null) throw sharedWrite(call);
  const given = new Map(entriesOf(args, call, 'arguments'));
  for (const name of given.keys()) {
    if (!Object.hasOwn(rules, name)) throw refused(call, `its argument \`${name}\` is not known`, 'Leave it out.');
  }
  // Every rule runs, given or not: a `where` that is not there means every tenant's rows (P2).
  return structure(
    Object.entries(rules)
      .map(([name, rule]) => [name, rule(given.get(name), call, name)] as const)
      .filter(([, value]) => value !== undefined),
  );
}
