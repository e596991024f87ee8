import type { ScopedField, ScopedModel, ScopedRelation } from '../schema/model.js';
import type { Call, Filter, NewRows } from './call.js';
import type { Predecessor } from './guards.js';
import { conflict, nameOf, refused } from './refusals.js';
import { structure } from './structure.js';
import { isTenantId } from './tenant-filters.js';

type Entry = readonly [string, unknown];

/**
 * P12: a new row is the tenant's. Naming the current one is allowed, naming another is refused.
 *
 * @param parent the relation it is created through, if there is one.
 */
export function stampTenant(
  entries: readonly Entry[],
  model: ScopedModel,
  call: Call,
  argument: string,
  parent: ScopedRelation | null,
): Filter {
  const { tenantField } = model;
  if (tenantField === null) return structure(entries);
  const others = entries.filter(([key]) => key !== tenantField);
  for (const [key, entry] of entries) {
    if (key !== tenantField || isTenantId(entry, model, call.tenantId)) continue;
    throw conflict(
      call,
      'would create a row of another tenant',
      `Leave ${tenantField} out of \`${argument}\`; the row is stamped with the tenant.`,
    );
  }
  // The row takes the foreign key from its parent, the tenant included.
  if (parent && !parent.holdsKey && parent.keyHasTenant) return structure(others);
  const holders = relationsOf(model).filter(({ holdsKey }) => holdsKey);
  const used = holders.filter(({ name }) => others.some(([key]) => key === name));
  // Prisma takes either columns or relations for foreign keys, and the tenant field may be a part of one.
  if ((used.length === 0 && !call.list?.nameRelations) || !holders.some(({ keyHasTenant }) => keyHasTenant))
    return structure([...others, [tenantField, call.tenantId]]);
  const [toTenant] = holders.filter(isTenantRelation);
  const isAsOthers = toTenant !== undefined || call.list === null || call.list.haveTenant;
  if (isAsOthers && used.some(({ keyHasTenant }) => keyHasTenant)) return structure(others);
  if (toTenant) {
    const [reference = ''] = toTenant.key.references;
    return structure([...others, [toTenant.name, structure([['connect', structure([[reference, call.tenantId]])]])]]);
  }
  // Prisma refuses a column of a foreign key beside a relation, and does so itself.
  if (others.some(([key]) => holders.some(({ key: { fields } }) => fields.includes(key)))) return structure(others);
  const isByRelation = (key: string) => used.some(({ name }) => name === key);
  const row = structure([...others.filter(([key]) => !isByRelation(key)), [tenantField, call.tenantId]]);
  for (const relation of used) {
    const [[action = '', value] = [], ...more] = Object.entries(
      others.find(([key]) => key === relation.name)?.[1] as Filter,
    );
    const found = PREDECESSORS[action];
    const mayMake = action !== 'connect';
    if (!found || more.length > 0 || (call.isUncertain && mayMake)) throw byRelation(relation, call, argument);
    const { fields, references } = relation.key;
    const select = structure(references.map((name) => [name, true]));
    call.guards.predecessors.push({
      model: relation.to,
      ...found(value as Filter, select),
      ...(call.isUncertain ? { refusal: () => byRelation(relation, call, argument) } : lettingGo(relation, call)),
      into: (referred) => {
        for (const [index, name] of fields.entries()) row[name] = referred[references[index] as string];
      },
    });
  }
  return row;
}

/** One to one: as Prisma does by relations, the row that has it lets go. Where it cannot, the database says so. */
function lettingGo({ of, inverse, key }: ScopedRelation, { tenantId }: Call): Pick<Predecessor, 'letGo'> {
  const isOptional = key.fields.every((name) => (of.fields.get(name) as ScopedField).isRequired === false);
  if (inverse.isList || !isOptional) return {};
  const argsFor = (row: Filter) =>
    structure([
      [
        'where',
        structure([
          [of.tenantField as string, tenantId],
          ...key.fields.map((name, index): Entry => [name, row[key.references[index] as string]]),
        ]),
      ],
      ['data', structure(key.fields.map((name) => [name, null]))],
    ]);
  return { letGo: { model: of, argsFor } };
}

/** The form that a list of new rows shares, because Prisma takes each of them by columns or each by relations. */
export function newRows(items: readonly unknown[], model: ScopedModel): NewRows {
  const used = items.map((item) => {
    const given = Object(item) as Filter;
    return relationsOf(model).filter(
      ({ name, holdsKey }) => holdsKey && name in given && Object.keys(Object(given[name])).length > 0,
    );
  });
  return {
    nameRelations: used.some(({ length }) => length > 0),
    haveTenant: used.every((relations) => relations.some(({ keyHasTenant }) => keyHasTenant)),
  };
}

/** How the row that a relation names is found or made by itself. */
const PREDECESSORS: Readonly<
  Record<string, (value: Filter, select: Filter) => Pick<Predecessor, 'operation' | 'args'>>
> = {
  connect: (where, select) => ({ operation: 'findUniqueOrThrow', args: structure(Object.entries({ where, select })) }),
  create: (data, select) => ({ operation: 'create', args: structure(Object.entries({ data, select })) }),
  connectOrCreate: (given, select) => ({
    operation: 'upsert',
    args: structure(Object.entries({ ...given, update: structure([]), select })),
  }),
};

function byRelation({ name, of, key }: ScopedRelation, call: Call, argument: string): Error {
  return refused(
    call,
    `\`${argument}\` names the relation ${of.name}.${name} in a row that may not come to be, or in several ways, and Prisma takes no ` +
      `${of.tenantField} of ${of.name} beside a relation`,
    `Set the foreign key instead (${key.fields.join(', ')}).`,
  );
}

/**
 * Rows that are linked to a row which their tenant field refers to, and which is no tenant's itself, become that row's: it
 * must be the row of this tenant, when it is there as much as when it is created or changed.
 */
export function guardGivenTenant(
  entries: readonly Entry[],
  model: ScopedModel,
  call: Call,
  argument: string,
  isNew: boolean,
): void {
  for (const [key, actions] of entries) {
    const relation = model.fields.get(key);
    if (relation?.kind !== 'relation' || !givesTenant(relation)) continue;
    if (!Object.keys(actions as object).some((action) => LINKS.has(action))) continue;
    const column = tenantColumn(relation);
    const given = entries.find(([name]) => name === column);
    if (given ? !isTenantId(given[1], relation.to, call.tenantId) : isNew) {
      throw conflict(
        call,
        `would link rows by ${nameOf(relation)} to what may be another tenant`,
        `Set ${column} in \`${argument}\` to the tenant's id, or leave \`${key}\` out.`,
      );
    }
    if (!isNew) call.required?.push(structure([[column, call.tenantId]]));
  }
}

/** The nested actions by which the related row gets the foreign key. */
const LINKS: ReadonlySet<string> = new Set(['create', 'createMany', 'connect', 'connectOrCreate', 'set', 'upsert']);

/** True when the related rows take their tenant from a column of this side that need not be the tenant. */
export function givesTenant({ holdsKey, keyHasTenant, comparesTenant }: ScopedRelation): boolean {
  return !holdsKey && keyHasTenant && !comparesTenant;
}

/** The column that the tenant field of the related rows refers to. */
export function tenantColumn({ to, key }: ScopedRelation): string {
  return key.references[key.fields.indexOf(to.tenantField as string)] as string;
}

/** The relation to the tenant's own row: its whole foreign key is the tenant field. */
export function isTenantRelation({ of, holdsKey, key, comparesTenant }: ScopedRelation): boolean {
  return holdsKey && !comparesTenant && key.fields.length === 1 && key.fields[0] === of.tenantField;
}

function relationsOf({ fields }: ScopedModel): readonly ScopedRelation[] {
  return [...fields.values()].filter((field) => field.kind === 'relation');
}
