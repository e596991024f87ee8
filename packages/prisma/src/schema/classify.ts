import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedField, ScopedModel } from './model.js';
import type { Schema, SchemaField, SchemaModel } from './read-schema.js';

/**
 * Every model is either a tenant's, because it has the tenant field, or named in `shared`. Nothing is unclassified.
 *
 * @throws `scope_misconfigured` naming the model and the fix.
 */
export function classify(schema: Schema, shared: readonly string[], tenantField: string): readonly ScopedModel[] {
  const tenantFieldOf = ({ fields }: SchemaModel) => fields.find(({ name }) => name === tenantField);
  for (const name of shared) {
    const model = schema.models.get(name);
    if (!model) throw misconfigured(`shared names ${JSON.stringify(name)}, which is no model. Correct or remove it.`);
    if (tenantFieldOf(model)) {
      throw misconfigured(
        `shared names ${name}, which has the field ${tenantField} and so belongs to tenants. Remove it from shared.`,
      );
    }
  }
  return [...schema.models.values()].map((model) => {
    const field = tenantFieldOf(model);
    if (!field && !shared.includes(model.name)) {
      throw misconfigured(
        `the model ${model.name} has no field ${tenantField} and is not named in shared. Add the field if its rows ` +
          `belong to tenants, or add ${JSON.stringify(model.name)} to shared if every tenant may read all of them.`,
      );
    }
    if (field && (field.declared.type !== 'String' || field.declared.isList)) {
      throw misconfigured(
        `${model.name}.${tenantField} must be a String, because a tenant’s id is one. Change its type.`,
      );
    }
    return {
      name: model.name,
      tenantField: field ? tenantField : null,
      fields: new Map(model.fields.map((each) => [each.name, scopedField(schema, model, each, tenantField, shared)])),
    };
  });
}

function scopedField(
  schema: Schema,
  model: SchemaModel,
  { name, isScalar }: SchemaField,
  tenantField: string,
  shared: readonly string[],
): ScopedField {
  if (!isScalar) return { kind: 'relation', uncheckedRelation: null };
  const unchecked = model.fields.find(({ declared: { foreignKey, type } }) => {
    if (name === tenantField || !foreignKey?.fields.includes(name) || shared.includes(type)) return false;
    // P15: a foreign key that includes the tenant on both ends can only name a row of the same tenant.
    const tenant = foreignKey.fields.indexOf(tenantField);
    return !schema.hasForeignKeys || tenant < 0 || foreignKey.references[tenant] !== tenantField;
  });
  return { kind: 'scalar', uncheckedRelation: unchecked?.name ?? null };
}

function misconfigured(explanation: string): TenantScopeError {
  return new TenantScopeError('scope_misconfigured', `tenantScoped: ${explanation}`);
}
