import type { ScopedRelation } from '../schema/model.js';
import type { Call, Filter } from './call.js';
import { foreignRows, guardConnectedKey } from './dependents.js';
import { guardConnected, ownKeys } from './foreign-key.js';
import { conflict, nameOf, refused, sharedWrite } from './refusals.js';
import { isTenantRelation } from './stamp.js';
import { eachOf, entriesOf, structure } from './structure.js';
import { isTenantId } from './tenant-filters.js';
import { andUnique, isCompoundKey, scopedUnique } from './unique-where.js';

/** P14: connects rows of this tenant only. */
export function connect(value: unknown, relation: ScopedRelation, call: Call, argument: string): unknown {
  return eachOf(value, (item) => connected(item, relation, call, argument));
}

/** A unique key of a row that is about to be connected. */
export function connected(value: unknown, relation: ScopedRelation, call: Call, argument: string): Filter {
  const { to, holdsKey, isManyToMany } = relation;
  if (isTenantRelation(relation)) return ownTenant(value, relation, call, argument);
  guardKeyHolder(relation, call, argument);
  if (!holdsKey && !isManyToMany && !to.isWritable) throw sharedWrite(call, to);
  call.guards.link(relation);
  if (!holdsKey && !isManyToMany) {
    call.guards.changed.add(to);
    guardConnected(relation.inverse, call, argument);
  }
  const own = holdsKey ? ownKeys(relation, call) : [];
  const found = scopedUnique(value, to, call, argument);
  const unique = own.length > 0 ? andUnique(found, own) : found;
  // One to one: Prisma takes it away from the row that has it.
  const taken = holdsKey && !relation.inverse.isList && !call.hasFloor ? foreignRows(relation.inverse, call) : null;
  const where = () => {
    // Nothing but its columns is asked: what else the caller asks may be true only when the call comes to it.
    const columns = entriesOf(value, call, argument).filter(
      ([key, entry]) => to.fields.get(key)?.kind === 'scalar' || isCompoundKey(key, entry, to),
    );
    return scopedUnique(structure(columns), to, call, argument);
  };
  if (taken)
    call.guards.taken.push({ model: to, where: where(), condition: taken, why: `connecting ${nameOf(relation)}` });
  if (!holdsKey && !isManyToMany) guardConnectedKey(relation, where, call);
  return unique;
}

/** The tenant field as a foreign key may come from a relation that compares the tenant, and from no other. */
export function guardKeyHolder(relation: ScopedRelation, call: Call, argument: string): void {
  if (!relation.holdsKey || !relation.keyHasTenant || relation.comparesTenant) return;
  throw refused(
    call,
    `\`${argument}\` would set ${relation.of.tenantField} of ${relation.of.name} from a row that need not be this tenant's`,
    `Set the other foreign keys of ${nameOf(relation)} by their columns.`,
  );
}

/** P13: the tenant's own row, by its id and nothing else. */
function ownTenant(value: unknown, relation: ScopedRelation, call: Call, argument: string): Filter {
  const entries = entriesOf(value, call, argument);
  const [reference = ''] = relation.key.references;
  const [[column, id] = []] = entries;
  if (entries.length === 1 && column === reference && isTenantId(id, relation.of, call.tenantId)) {
    return structure([[reference, call.tenantId]]);
  }
  throw conflict(
    call,
    `would connect ${nameOf(relation)} to what may be another tenant`,
    `Leave \`${argument}\` out; the row is stamped with the tenant.`,
  );
}
