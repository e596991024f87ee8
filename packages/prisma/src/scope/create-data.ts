import type { ScopedField, ScopedModel, ScopedRelation } from '../schema/model.js';
import type { Call, Filter, Rule } from './call.js';
import { columnData } from './column-value.js';
import { guardForeignKeys } from './foreign-key.js';
import { nestedCreate } from './nested-create.js';
import { sharedWrite, unknownKey } from './refusals.js';
import { guardGivenTenant, stampTenant } from './stamp.js';
import { eachOf, entriesOf } from './structure.js';

export const createData: Rule = (value, model, call, argument) => newRow(value, model, call, argument, null);

/** A missing argument is Prisma's to refuse. */
export const upsertedData: Rule = (value, model, call, argument) =>
  value === undefined ? undefined : createData(value, model, call, argument);

export const createManyData: Rule = (value, model, call, argument) =>
  value === undefined ? undefined : eachOf(value, (item) => newRow(item, model, call, argument, null));

/** A row to create, and what is created with it. */
export function newRow(
  value: unknown,
  model: ScopedModel,
  call: Call,
  argument: string,
  parent: ScopedRelation | null,
): Filter {
  if (!model.isWritable) throw sharedWrite(call, model);
  const ofNew = { ...call, required: null, list: null };
  const given = entriesOf(value, call, argument);
  const isByColumns = given.some(([key]) => key !== model.tenantField && isOfForeignKey(model.fields.get(key)));
  const entries = given.flatMap(([key, entry]): [string, unknown][] => {
    const field = model.fields.get(key);
    if (!field) throw unknownKey(call, model, argument, key);
    if (field.kind === 'scalar' && entry !== null) for (const relation of field.keyOf) call.guards.link(relation);
    if (field.kind === 'scalar') return [[key, columnData(entry, field, model, call)]];
    const actions = nestedCreate(entry, field, ofNew, `${argument}.${key}`);
    // With nothing in it, it sets no foreign key, and Prisma would take no tenant beside it. Beside other columns it is Prisma's to refuse.
    return field.holdsKey && !isByColumns && Object.keys(actions).length === 0 ? [] : [[key, actions]];
  });
  guardForeignKeys(entries, model, call, argument, false, parent);
  guardGivenTenant(entries, model, call, argument, true);
  return stampTenant(entries, model, call, argument, parent);
}

function isOfForeignKey(field: ScopedField | undefined): boolean {
  return field?.kind === 'scalar' && field.keyOf.length > 0;
}
