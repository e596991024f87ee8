import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { type Call, type Rule, refused } from './call.js';
import { entriesOf, structure } from './structure.js';
import { filterEntry } from './where.js';

/**
 * P4: unique keys stay on top, where Prisma looks for them, and the tenant joins them as a key of its own. As such it
 * also lets Prisma keep answering several `findUnique` of one tick with one query.
 */
export const uniqueWhere: Rule = (value, call, argument) => {
  const { tenantField } = call.model;
  const entries = entriesOf(value, call, argument).map(([key, entry]) => [key, uniqueEntry(key, entry, call)] as const);
  if (tenantField === null) return structure(entries);
  // What the caller says about the tenant is asked as well, never instead.
  const asked = entries.filter(([key]) => key === tenantField).map((entry) => structure([entry]));
  const and = entries.flatMap(([key, entry]) => (key === 'AND' ? entry : []));
  const others = entries.filter(([key]) => key !== tenantField && key !== 'AND');
  const all = [...asked, ...and];
  return structure([...others, [tenantField, call.tenantId], ...(all.length > 0 ? [['AND', all] as const] : [])]);
};

/**
 * P11: a cursor of another tenant would position the page. Prisma compares a cursor by its plain keys alone and knows no
 * AND here, so the tenant joins as one of them.
 */
export const cursor: Rule = (value, call, argument) => {
  const { tenantField } = call.model;
  if (value === undefined) return undefined;
  const entries = entriesOf(value, call, argument);
  for (const [key, entry] of entries) {
    if (key === tenantField && entry !== call.tenantId) {
      throw new TenantScopeError(
        'tenant_conflict',
        `the cursor of ${call.model.name}.${call.operation} names another tenant. Leave ${tenantField} out of it.`,
      );
    }
    if (call.model.fields.get(key)?.kind !== 'scalar' && !isCompoundKey(entry, call)) {
      throw refused(call, `\`${argument}\` has the key ${JSON.stringify(key)}`, 'Use a unique key of the model.');
    }
  }
  if (tenantField === null) return structure(entries);
  return structure([...entries.filter(([key]) => key !== tenantField), [tenantField, call.tenantId]]);
};

function uniqueEntry(key: string, value: unknown, call: Call): unknown {
  return !call.model.fields.has(key) && isCompoundKey(value, call)
    ? structure(Object.entries(value))
    : filterEntry(key, value, call, 'where');
}

/** `{ tenantId_title: { tenantId, title } }`: Prisma itself checks that there is such a key. */
function isCompoundKey(value: unknown, call: Call): value is object {
  return (
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.keys(value).length > 0 &&
    Object.keys(value).every((key) => call.model.fields.get(key)?.kind === 'scalar')
  );
}
