import type { ScopedRelation, ScopedScalar } from '../schema/model.js';
import type { Call } from './call.js';
import { refused } from './refusals.js';
import { isFilterOf } from './relation-filter.js';
import { isPlain } from './snapshot.js';
import { entriesOf, isSkip, namesOf, structure } from './structure.js';
import { tenantCondition } from './tenant-filters.js';

/**
 * P16: `update` of a to-one relation as `{ where, data }`. Prisma takes the columns by themselves as well, and where a column is
 * called `data` it takes the first of the two that it can: what it cannot take for `{ where, data }` is columns.
 */
export function toOneUpdate(value: unknown, relation: ScopedRelation, call: Call, argument: string): object {
  const { to } = relation;
  const given = new Map(entriesOf(value, call, argument));
  const condition = tenantCondition(to, call);
  if (condition && isChange({ where: condition, data: {} }, relation)) {
    throw refused(
      call,
      `Prisma may take what \`${argument}\` becomes within the tenant for ${to.name}.where and ${to.name}.data`,
      `Update ${to.name} by its own.`,
    );
  }
  const isWrapped = given.has('data') && [...given.keys()].every((key) => key === 'data' || key === 'where');
  const isOfColumns =
    to.fields.has('data') &&
    (!isChange(given.get('data'), relation) || (given.has('where') && !isFilterOf(given.get('where'), to)));
  const [where, data] = isWrapped && !isOfColumns ? [given.get('where'), given.get('data')] : [undefined, value];
  return structure([
    ...(where !== undefined ? [['where', where] as const] : condition ? [['where', true] as const] : []),
    ['data', data],
  ]);
}

/** True when Prisma can take a value for the changes of a related row. It can take what is not looked at: its own error says otherwise. */
function isChange(value: unknown, { to, inverse }: ScopedRelation): boolean {
  if (!isObject(value)) return false;
  return namesOf(value).every((name) => {
    const [field, entry] = [to.fields.get(name), value[name]];
    if (!field || field === inverse) return false;
    if (entry === undefined || isSkip(entry)) return true;
    if (field.kind === 'scalar') return isColumnChange(entry, field);
    return isObject(entry) && namesOf(entry).every((action) => RELATED.has(action));
  });
}

function isColumnChange(value: unknown, field: ScopedScalar): boolean {
  if (field.type === 'Json' && !field.isList) return value !== null;
  if (isObject(value)) {
    return namesOf(value).every((name) => COMPUTED.has(name) && isColumnChange(value[name], field));
  }
  if (value === null) return !field.isRequired;
  if (Array.isArray(value)) return field.isList;
  const type = typeof value;
  switch (field.type) {
    case 'Int':
    case 'Float':
      return type === 'number';
    case 'BigInt':
      return type === 'number' || type === 'bigint';
    case 'Boolean':
      return type === 'boolean';
    case 'Bytes':
      return ArrayBuffer.isView(value);
    case 'Decimal':
    case 'DateTime':
      return type !== 'boolean';
    default:
      return type === 'string';
  }
}

/** The operations that compute or set a column. */
const COMPUTED: ReadonlySet<string> = new Set(['set', 'increment', 'decrement', 'multiply', 'divide', 'push']);

const RELATED: ReadonlySet<string> = new Set(
  ['create', 'createMany', 'connect', 'connectOrCreate', 'disconnect', 'set', 'update', 'updateMany'].concat([
    'upsert',
    'delete',
    'deleteMany',
  ]),
);

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlain(value);
}
