import type { ScopedModel, ScopedRelation } from '../schema/model.js';
import type { Call, Filter, Rule } from './call.js';
import { columnData } from './column-value.js';
import { guardChange, movable } from './dependents.js';
import { guardForeignKeys, settingsBy, valueSet } from './foreign-key.js';
import { nestedUpdate } from './nested-update.js';
import { conflict, nameOf, sharedWrite, unknownKey } from './refusals.js';
import { givesTenant, guardGivenTenant, tenantColumn } from './stamp.js';
import { entriesOf, structure } from './structure.js';
import { isTenantId, UNKNOWN } from './tenant-filters.js';

/** A missing argument is Prisma's to refuse. */
export const updateData: Rule = (value, model, call, argument) =>
  value === undefined ? undefined : changedRow(value, model, call, argument);

/** P17: a foreign key that a relation sets may be what other rows refer to, and follow. */
function guardKeyOf(relation: ScopedRelation, actions: Filter, call: Call): void {
  const { of } = relation;
  for (const { column, value } of settingsBy(relation, actions))
    for (const field of movable(of, [column])) guardChange(of, field, value === null ? UNKNOWN : value, call);
}

/** The changes of a row, and of rows related to it. P13: no change moves a row to another tenant. */
export function changedRow(value: unknown, model: ScopedModel, call: Call, argument: string): Filter {
  if (!model.isWritable) throw sharedWrite(call, model);
  const entries: (readonly [string, unknown])[] = [];
  const settings: (readonly [string, unknown])[] = [];
  for (const [key, entry] of entriesOf(value, call, argument)) {
    const field = model.fields.get(key);
    if (!field) throw unknownKey(call, model, argument, key);
    if (field.kind === 'scalar' || field.holdsKey) call.guards.changed.add(model);
    if (field.kind === 'scalar') for (const relation of field.keyOf) call.guards.link(relation);
    const given = field.kind === 'scalar' ? columnData(entry, field, model, call) : entry;
    if (field.kind === 'relation') {
      const actions = nestedUpdate(given, field, call, `${argument}.${key}`);
      entries.push([key, actions]);
      settings.push([key, actions]);
      if (field.holdsKey) guardKeyOf(field, actions as Filter, call);
    } else if (key === model.tenantField) {
      if (isTenantId(valueSet(given), model, call.tenantId)) {
        entries.push([key, call.tenantId]);
        settings.push([key, call.tenantId]);
        continue;
      }
      throw conflict(
        call,
        `would set ${key}, and a row never moves to another tenant`,
        `Leave ${key} out of \`${argument}\`.`,
      );
    } else {
      const isKey = field.unchecked.length + field.followers.length + field.disturbed.length > 0;
      const value = isKey ? valueSet(given) : given;
      entries.push([key, value === UNKNOWN ? given : value]);
      settings.push([key, value]);
      const moved = field.followers.find((relation) => givesTenant(relation) && tenantColumn(relation) === key);
      if (moved && !isTenantId(value, moved.to, call.tenantId)) {
        throw conflict(
          call,
          `would change ${key}, and the tenant of the rows of ${nameOf(moved)} with it`,
          `Leave ${key} out of \`${argument}\`.`,
        );
      }
      guardChange(model, field, value, call);
    }
  }
  guardForeignKeys(settings, model, call, argument, true);
  guardGivenTenant(settings, model, call, argument, false);
  return structure(entries);
}
