import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { type Call, type Rule, refused, refusedRelation } from './call.js';
import { eachOf, entriesOf, structure } from './structure.js';

/** P12: the row is stamped with the tenant. Naming the current one is allowed, naming another is refused. */
export const createData: Rule = (value, call, argument) => {
  const { tenantField } = call.model;
  if (tenantField === null) throw sharedWrite(call);
  const entries = entriesOf(value, call, argument);
  for (const [key, entry] of entries) {
    if (key !== tenantField) checkWrite(key, entry, call, argument);
    else if (entry !== call.tenantId) {
      throw new TenantScopeError(
        'tenant_conflict',
        `${call.model.name}.${call.operation} would create a row of another tenant. ` +
          `Leave ${tenantField} out of \`${argument}\`; the row is stamped with the tenant.`,
      );
    }
  }
  return structure([...entries.filter(([key]) => key !== tenantField), [tenantField, call.tenantId]]);
};

export const createManyData: Rule = (value, call, argument) =>
  eachOf(value, (item) => createData(item, call, argument));

/** P13: no update moves a row to another tenant, so none may set the tenant at all. */
export const updateData: Rule = (value, call, argument) => {
  const { tenantField } = call.model;
  if (tenantField === null) throw sharedWrite(call);
  const entries = entriesOf(value, call, argument);
  for (const [key, entry] of entries) {
    if (key === tenantField) {
      throw new TenantScopeError(
        'tenant_conflict',
        `${call.model.name}.${call.operation} would set ${tenantField}, and a row never moves to another tenant. ` +
          `Leave ${tenantField} out of \`${argument}\`.`,
      );
    }
    checkWrite(key, entry, call, argument);
  }
  return structure(entries);
};

export function sharedWrite(call: Call): TenantScopeError {
  return refused(
    call,
    `${call.model.name} is shared by all tenants, and a write would reach every one of them`,
    'Write to it with a client of its own, outside every tenant.',
  );
}

function checkWrite(key: string, value: unknown, call: Call, argument: string): void {
  const field = call.model.fields.get(key);
  if (!field)
    throw refused(call, `\`${argument}\` has the key ${JSON.stringify(key)}, which is no field`, 'Remove it.');
  if (field.kind === 'relation') throw refusedRelation(call, argument, key);
  // P15: the database accepts a foreign key that names another tenant's row, unless the key includes the tenant.
  if (field.uncheckedRelation !== null && value !== null) {
    throw refused(
      call,
      `\`${argument}\` sets ${key}, the foreign key of ${field.uncheckedRelation}, which may name another tenant’s row`,
      `Put ${call.model.tenantField} into both \`fields\` and \`references\` of ${call.model.name}.${field.uncheckedRelation}, ` +
        'and into the foreign key of the database.',
    );
  }
}
