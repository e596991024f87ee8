import type { DMMF } from '@prisma/generator-helper';
import {
  hashOf,
  SCHEMA_VERSION,
  type TenancySchema,
  type TenancySchemaField,
  type TenancySchemaKey,
} from '../schema/generated-schema.js';

/** The part of a schema that `tenantScoped` needs, from Prisma's own description of it. */
export function tenancySchema(datamodel: DMMF.Datamodel, text: string, relationMode: string): TenancySchema {
  return {
    version: SCHEMA_VERSION,
    hash: hashOf(text),
    relationMode,
    models: Object.fromEntries(datamodel.models.map(({ name, fields }) => [name, fields.map(schemaField)])),
    keys: Object.fromEntries(datamodel.models.map((model) => [model.name, keysOf(model)])),
  };
}

function keysOf({ fields, primaryKey, uniqueIndexes }: DMMF.Model): TenancySchemaKey[] {
  const single = (isKey: (field: DMMF.Field) => boolean) =>
    fields.filter(isKey).map(({ name }) => ({ name, fields: [name] }));
  const compound = [...(primaryKey ? [primaryKey] : []), ...uniqueIndexes].map(({ name, fields: all }) => ({
    // What Prisma calls it in a `where`.
    name: name ?? all.join('_'),
    fields: [...all],
  }));
  return [...single(({ isId }) => isId), ...compound, ...single(({ isId, isUnique }) => isUnique && !isId)];
}

function schemaField(field: DMMF.Field): TenancySchemaField {
  const { name, type, isList, isRequired, hasDefaultValue, nativeType, relationName } = field;
  const { relationFromFields = [], relationToFields = [], relationOnDelete, relationOnUpdate } = field;
  return {
    name,
    type,
    isList,
    isRequired,
    hasDefault: hasDefaultValue,
    nativeType: nativeType?.[0] ?? null,
    relation:
      relationName === undefined
        ? null
        : {
            name: relationName,
            fields: [...relationFromFields],
            references: [...relationToFields],
            onDelete: relationOnDelete ?? null,
            onUpdate: relationOnUpdate ?? null,
          },
  };
}

/** The models whose rows cannot be created without naming the tenant, as far as types go. */
export function modelsWithoutDefault({ models }: DMMF.Datamodel, tenantField: string): readonly string[] {
  return models
    .filter(({ fields }) => fields.some(({ name, hasDefaultValue }) => name === tenantField && !hasDefaultValue))
    .map(({ name }) => name);
}
