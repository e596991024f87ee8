import type { Rule } from './call.js';
import { plainValue } from './column-value.js';
import { conflict, unknownKey } from './refusals.js';
import { snapshot } from './snapshot.js';
import { entriesOf, structure } from './structure.js';
import { isTenantId } from './tenant-filters.js';
import { compoundKey, isCompoundKey, isKeyMissing, withTenantKey } from './unique-where.js';

/**
 * P11: a cursor of another tenant would position the page. Prisma compares a cursor by its plain keys alone and knows no
 * AND here, so the tenant joins as one of them.
 */
export const cursor: Rule = (value, model, call, argument) => {
  const { tenantField } = model;
  if (value === undefined) return undefined;
  const entries = withTenantKey(entriesOf(value, call, argument), model, call).map(([key, given]) => {
    const entry = snapshot(given);
    if (key === tenantField && !isTenantId(entry, model, call.tenantId)) {
      throw conflict(call, 'has a cursor that names another tenant', `Leave ${key} out of \`${argument}\`.`);
    }
    if (isCompoundKey(key, entry, model)) return [key, compoundKey(key, entry, model, call)] as const;
    if (model.fields.get(key)?.kind !== 'scalar') throw unknownKey(call, model, argument, key);
    return [key, plainValue(entry, call, key)] as const;
  });
  if (tenantField === null || isKeyMissing(entries, model)) return structure(entries);
  return structure([...entries.filter(([key]) => key !== tenantField), [tenantField, call.tenantId]]);
};
