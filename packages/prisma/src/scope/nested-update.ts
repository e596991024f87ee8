import { mayLeaveTenant, type ScopedRelation } from '../schema/model.js';
import type { Call, Filter } from './call.js';
import { connect, guardKeyHolder } from './connect.js';
import { newRow } from './create-data.js';
import { foreignRows, guardDelete } from './dependents.js';
import { byRules, createActions, type NestedAction } from './nested-create.js';
import { nameOf, refused, sharedWrite, upsertOfOthers } from './refusals.js';
import { eachOf, entriesOf, structure } from './structure.js';
import { NOTHING, notAll, related, tenantCondition, withinTenant } from './tenant-filters.js';
import { toOneUpdate } from './to-one-update.js';
import { andUnique, byColumns, scopedUnique } from './unique-where.js';
import { changedRow } from './update-data.js';
import { filter } from './where.js';

/** P14, P16, P17: what may be nested into a change. An action that is not here is refused (P23). */
export const updateActions: Readonly<Record<string, NestedAction>> = {
  create: replacing('create'),
  createMany: createActions['createMany'] as NestedAction,
  connect: replacing('connect'),
  connectOrCreate: replacing('connectOrCreate'),
  set: (value, relation, call, argument) => {
    // P20: what is connected until now and is not named any more is let go.
    guardReplaced(relation, call);
    refuseSeveral(relation, call, argument, `Name the rows in \`disconnect\` and \`connect\`.`);
    return connect(value, relation, call, argument);
  },
  disconnect: (value, relation, call, argument) => {
    if (!relation.holdsKey && !relation.isManyToMany) checkWritable(relation, call);
    if (relation.isList) return eachOf(value, (item) => scopedUnique(item, relation.to, call, argument));
    if (value === false) return value;
    // Its own key is let go, whoever is at the other end. Prisma reads no condition as `true`.
    if (relation.holdsKey && (value === true || entriesOf(value, call, argument).length === 0)) return true;
    return toOneWhere(value, relation, call, argument);
  },
  delete: (value, relation, call, argument) => {
    checkWritable(relation, call);
    if (value === false) return value;
    guardDelete(relation.to, through(relation, call));
    if (relation.isList) return eachOf(value, (item) => scopedUnique(item, relation.to, call, argument));
    return toOneWhere(value, relation, call, argument);
  },
  deleteMany: (value, relation, call, argument) => {
    checkWritable(relation, call);
    refuseSeveral(relation, call, argument, onItsOwn('deleteMany', relation));
    guardDelete(relation.to, through(relation, call));
    return eachOf(value, (item) => ownRows(item, relation, call, argument));
  },
  update: (value, relation, call, argument) => {
    if (relation.isList) return eachOf(value, (item) => changing(item, listUpdate, relation, call, argument));
    return changing(toOneUpdate(value, relation, call, argument), changeOne, relation, call, argument);
  },
  updateMany: (value, relation, call, argument) => {
    refuseSeveral(relation, call, argument, onItsOwn('updateMany', relation));
    return eachOf(value, (item) => changing(item, { where: ownRows, data: change }, relation, call, argument));
  },
  upsert: (value, relation, call, argument) => {
    guardKeyHolder(relation, call, argument);
    if (relation.isList) return eachOf(value, (item) => upserting(item, listUpsert, relation, call, argument));
    guardReplaced(relation, call);
    // Of the side that holds the key Prisma takes no condition here where there is no row, so the row is looked at before.
    if (relation.holdsKey) guardReferred(relation, call);
    const rules = { where: relation.holdsKey ? asked : toOneWhere, create: newRelated, update: change };
    const given = upserting(value, rules, relation, call, argument);
    const condition = relation.holdsKey ? null : tenantCondition(relation.to, call);
    return condition && !('where' in given) ? structure([...Object.entries(given), ['where', condition]]) : given;
  },
};

export const nestedUpdate: NestedAction = (value, relation, call, argument) =>
  byRules(value, updateActions, relation, call, argument);

/** An action that changes related rows: what must be true of them goes beside what it asks. */
function changing(
  value: unknown,
  rules: Readonly<Record<string, NestedAction>>,
  relation: ScopedRelation,
  call: Call,
  argument: string,
): unknown {
  const required: Filter[] = [];
  const given = byRules(value, rules, relation, { ...through(relation, call), required }, argument);
  const where = (given['where'] ?? (relation.isList ? undefined : structure([]))) as Filter | undefined;
  // A `where` that a list must have is Prisma's to miss.
  if (where === undefined || required.length === 0) return given;
  return structure([...Object.entries(given), ['where', andUnique(where, required)]]);
}

/** A condition beside what an upsert asks would make a new row where one is there: so it is looked up before. */
function upserting(
  value: unknown,
  rules: Readonly<Record<string, NestedAction>>,
  relation: ScopedRelation,
  call: Call,
  argument: string,
): Filter {
  const required: Filter[] = [];
  const below = { ...through(relation, call), required };
  const given = byRules(value, rules, relation, below, argument);
  if (required.length > 0) {
    const { to: of } = relation;
    const condition = andUnique(byColumns((given['where'] ?? NOTHING) as Filter, of), [notAll(required)]);
    call.guards.ofRows.push({ of, condition, path: below.path, chain: [], ...upsertOfOthers(of, call) });
  }
  return given;
}

const change: NestedAction = (value, relation, call, argument) => changedRow(value, relation.to, call, argument);
const newRelated: NestedAction = (value, relation, call, argument) =>
  newRow(value, relation.to, { ...call, isUncertain: true }, argument, relation);
const uniqueRow: NestedAction = (value, relation, call, argument) => scopedUnique(value, relation.to, call, argument);
const ownRows: NestedAction = (value, relation, call, argument) =>
  withinTenant(relation.to, call, filter(value, relation.to, call, argument));
const toOneWhere: NestedAction = (value, relation, call, argument) =>
  value === true
    ? (tenantCondition(relation.to, call) ?? true)
    : withinTenant(relation.to, call, filter(value, relation.to, call, argument));

/** Beside a key that was looked at, nothing but what the caller asks. */
const asked: NestedAction = (value, relation, call, argument) => filter(value, relation.to, call, argument);

const listUpdate = { where: uniqueRow, data: change };
const listUpsert = { where: uniqueRow, create: newRelated, update: change };
const changeOne = { where: toOneWhere, data: change };

/** A row that can have one related row lets go of the one it has. */
function replacing(action: string): NestedAction {
  return (value, relation, call, argument) => {
    if (!relation.isList) guardReplaced(relation, call);
    return (createActions[action] as NestedAction)(value, relation, call, argument);
  };
}

function guardReplaced(relation: ScopedRelation, call: Call): void {
  if (relation.holdsKey || call.hasFloor || !mayLeaveTenant(relation)) return;
  const foreign = foreignRows(relation, call);
  if (!foreign) return;
  const why = `replacing ${nameOf(relation)}`;
  call.guards.ofRows.push({ of: relation.of, condition: foreign, path: call.path, chain: [], why });
}

/**
 * P14, P17: of several related rows that two columns or more identify, Prisma takes the values of each column by itself
 * (`"a" in (…) and "b" in (…)`, as of 7.10), and so changes rows that were not found, other tenants' as well.
 */
function refuseSeveral({ to, isManyToMany }: ScopedRelation, call: Call, argument: string, fix: string): void {
  const [identity] = to.keys;
  if (call.hasFloor || isManyToMany || to.tenantField === null || !identity) return;
  if (identity.hasTenant || identity.columns.length < 2) return;
  throw refused(
    call,
    `\`${argument}\` may change rows of ${to.name} that it does not find, because the id of ${to.name} has several columns and the ` +
      'tenant is none of them',
    `${fix} Or put the tenant into the id.`,
  );
}

function onItsOwn(operation: string, { to, inverse }: ScopedRelation): string {
  return `Write \`${to.property}.${operation}\` with \`${inverse.name}\` in its \`where\`.`;
}

/** P16: the row that a row's own key names is the tenant's. */
function guardReferred(relation: ScopedRelation, call: Call): void {
  const own = tenantCondition(relation.to, call);
  if (!own || relation.comparesTenant || call.hasFloor) return;
  const condition = related(relation, structure([['NOT', own]]));
  const why = `upserting ${nameOf(relation)}`;
  call.guards.ofRows.push({ of: relation.of, condition, path: call.path, chain: [relation], why });
}

function checkWritable({ to }: ScopedRelation, call: Call): void {
  if (!to.isWritable) throw sharedWrite(call, to);
}

/** The call as seen from the related rows. */
function through(relation: ScopedRelation, call: Call): Call {
  return { ...call, path: [...call.path, relation], known: NOTHING };
}
