import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { mayLeaveTenant, type ScopedModel, type ScopedRelation, type ScopedScalar } from '../schema/model.js';
import { guardAstray } from './astray.js';
import type { Call, Filter } from './call.js';
import { nameOf, refused } from './refusals.js';
import { structure } from './structure.js';
import { NOTHING, related, tenantCondition, UNKNOWN, withinTenant } from './tenant-filters.js';

/**
 * The database's own actions reach every tenant's rows, with or without row-level security: a row is deleted or
 * changed only when no row of another tenant depends on it.
 */
export function guardDelete(model: ScopedModel, call: Call): void {
  const reached = new Set<ScopedModel>();
  if (!reachesOthers(model, call, reached)) return;
  const why = `deleting a row of ${model.name}`;
  if (call.hasFloor) {
    // What depends on a row is not seen through the floor, so that none may go; where there is none, nothing is deleted.
    const refusal = () => behindTheFloor(call, model, 'deleting');
    call.guards.ofRows.push({ of: model, condition: NOTHING, path: call.path, chain: [], why, refusal });
    return;
  }
  if (goesInCircles(model, call, [])) {
    guardAllBelow(model, call);
    return;
  }
  const chain: ScopedRelation[] = [];
  const condition = othersBelow(model, call, chain);
  if (!condition) return;
  call.guards.ofRows.push({ of: model, condition, path: call.path, chain, why });
}

/**
 * The same for a column that other rows refer to, and follow when it changes. Whole rows are written back as they are.
 *
 * @param value what it is set to, or `UNKNOWN`
 */
export function guardChange(model: ScopedModel, field: ScopedScalar, value: unknown, call: Call): void {
  const { name: column } = field;
  if (call.known[column] === value) return;
  const changes = value === UNKNOWN ? NOTHING : structure([['NOT', structure([[column, value]])]]);
  const why = `changing ${column} of a row of ${model.name}`;
  guardDisturbed(field, call, value);
  for (const { condition, chain, refusal } of othersAfter(field, call)) {
    const of = condition === NOTHING ? changes : structure([['AND', [changes, condition]]]);
    call.guards.ofRows.push({ of: model, condition: of, path: call.path, chain, why, ...(refusal && { refusal }) });
  }
}

/** The same for a row whose foreign key is set from the other side of the relation. */
export function guardConnectedKey({ to, key, inverse }: ScopedRelation, where: () => Filter, call: Call): void {
  const why = `connecting ${nameOf(inverse)}`;
  for (const field of movable(to, key.fields)) {
    guardDisturbed(field, call);
    for (const { condition, refusal } of othersAfter(field, call))
      call.guards.taken.push({ model: to, where: where(), condition, why, ...(refusal && { refusal }) });
  }
}

/** Foreign keys of which a part follows the column, and the rest does not. */
function guardDisturbed({ name, disturbed }: ScopedScalar, call: Call, value: unknown = UNKNOWN): void {
  for (const { relation, column } of disturbed) {
    const known = value === UNKNOWN ? NOTHING : structure([[column, value]]);
    guardAstray(relation, call, () => disturbing(relation, name, call), known);
  }
}

/** Those of a row's columns that may change: its tenant stays what it is, whichever relation names it. */
export function movable({ fields, tenantField }: ScopedModel, names: readonly string[]): readonly ScopedScalar[] {
  return names.flatMap((name) => {
    const field = fields.get(name);
    return field?.kind === 'scalar' && name !== tenantField ? [field] : [];
  });
}

/** A condition under which a column must not change: of rows that a condition is true of, or of any. */
function othersAfter(
  { name: column, followers }: ScopedScalar,
  call: Call,
): readonly {
  readonly condition: Filter;
  readonly chain: readonly ScopedRelation[];
  readonly refusal?: () => Error;
}[] {
  return followers.flatMap((relation) => {
    if (isOwnLink(relation, call)) return [];
    if (call.hasFloor) {
      const refusal = () => behindTheFloor(call, relation.of, `changing ${column} of`);
      return [{ condition: NOTHING, chain: [], refusal }];
    }
    const chain: ScopedRelation[] = [];
    const condition = othersFollowing(relation, column, call, chain);
    return condition ? [{ condition, chain }] : [];
  });
}

function disturbing(relation: ScopedRelation, column: string, call: Call): TenantScopeError {
  return refused(
    call,
    `it changes ${column}, and a part of the foreign key of ${nameOf(relation)} with it, which may then name another tenant's row`,
    `Create a row with the new ${column}, move the rows that refer to the old one, and delete that.`,
  );
}

/** A condition that is true of a row when rows of other tenants follow it, or follow what follows it. */
function othersFollowing(relation: ScopedRelation, column: string, call: Call, chain: ScopedRelation[]): Filter | null {
  if (chain.includes(relation)) return null;
  chain.push(relation);
  const next = relation.key.fields[relation.key.references.indexOf(column)] as string;
  const field = relation.to.fields.get(next);
  const further = (field?.kind === 'scalar' ? field.followers : [])
    .map((each) => othersFollowing(each, next, call, chain))
    .filter((each) => each !== null);
  const foreign = foreignRows(relation, call);
  const conditions = [...(foreign ? [foreign] : []), ...further.map((condition) => related(relation, condition))];
  return conditions.length === 0 ? null : structure([['OR', conditions]]);
}

/** A condition that is true of a row that rows of other tenants refer to through the relation. */
export function foreignRows(relation: ScopedRelation, call: Call): Filter | null {
  const condition = tenantCondition(relation.to, call);
  if (relation.comparesTenant) return null;
  // A shared row that depends on a tenant's is every tenant's.
  if (!condition) return relation.to.isWritable ? null : related(relation, structure([]));
  return related(relation, structure([['NOT', condition]]));
}

/** True when row-level security keeps the links of a row to this tenant's: those of a tenant's row are that tenant's. */
function isOwnLink({ isManyToMany, of }: ScopedRelation, { hasFloor }: Call): boolean {
  return hasFloor && isManyToMany && of.tenantField !== null;
}

/** True when a chain of deletions can reach rows of other tenants at all. */
function reachesOthers(model: ScopedModel, call: Call, reached: Set<ScopedModel>): boolean {
  if (reached.has(model)) return false;
  reached.add(model);
  return model.dependents.some(
    (relation) =>
      (mayLeaveTenant(relation) && !isOwnLink(relation, call)) ||
      (relation.to.tenantField === null && !relation.to.isWritable) ||
      (relation.cascades && reachesOthers(relation.to, call, reached)),
  );
}

/** True when a chain of deletions that can reach rows of other tenants comes back to a model. */
function goesInCircles(model: ScopedModel, call: Call, above: readonly ScopedModel[]): boolean {
  if (above.includes(model)) return true;
  return model.dependents.some(
    (relation) =>
      relation.cascades &&
      reachesOthers(relation.to, call, new Set()) &&
      goesInCircles(relation.to, call, [...above, model]),
  );
}

/**
 * How far such a chain goes is not known before, so no row of the tenant that it may come to has rows of another tenant that
 * depend on it.
 */
function guardAllBelow(model: ScopedModel, call: Call, reached = new Set<ScopedModel>()): void {
  if (reached.has(model)) return;
  reached.add(model);
  const conditions = model.dependents.map((relation) => foreignRows(relation, call)).filter((each) => each !== null);
  if (conditions.length > 0) {
    const where = withinTenant(model, call, structure([['OR', conditions]]));
    const why = `deleting rows of ${model.name} together with all that cascades from them`;
    call.guards.forbidden.push({ model, where, isUnique: false, isWide: false, why });
  }
  for (const relation of model.dependents) if (relation.cascades) guardAllBelow(relation.to, call, reached);
}

function othersBelow(model: ScopedModel, call: Call, chain: ScopedRelation[]): Filter | null {
  const conditions = model.dependents.flatMap((relation) => {
    const foreign = foreignRows(relation, call);
    const further =
      relation.cascades && reachesOthers(relation.to, call, new Set()) ? othersBelow(relation.to, call, chain) : null;
    if (further) chain.push(relation);
    return [...(foreign ? [foreign] : []), ...(further ? [related(relation, further)] : [])];
  });
  return conditions.length === 0 ? null : structure([['OR', conditions]]);
}

function behindTheFloor(call: Call, model: ScopedModel, doing: string): TenantScopeError {
  const relation = [...model.fields.values()].find(
    (field) => field.kind === 'relation' && mayLeaveTenant(field) && !field.holdsKey,
  );
  return new TenantScopeError(
    'scope_refused',
    `${call.model.name}.${call.operation} was refused: ${doing} a row of ${model.name} makes the database itself change the rows ` +
      `that refer to it${relation?.kind === 'relation' ? `, such as by ${nameOf(relation)}` : ''}, and row-level security ` +
      'does not hold that. Put the tenant into the foreign keys at both ends, or use `onDelete: Restrict, onUpdate: Restrict`; of a ' +
      'many-to-many relation, make a model of its table for that.',
  );
}
