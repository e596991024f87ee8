import { misconfigured } from '../errors/misconfigured.js';
import type { TenantScopeError } from '../errors/tenant-scope-error.js';
import { internalsOf, type RuntimeField } from '../prisma-internals.js';
import { keyRelation } from './referential-actions.js';
import type { Schema, SchemaField, SchemaModel } from './schema.js';
import { type DeclaredSchema, parseSchema } from './schema-text.js';

/** The part of a schema that a client itself knows, which is not all of it and not public. */
export interface ClientSchema {
  readonly provider: string;
  readonly text: string;
  readonly models: ReadonlyMap<string, readonly RuntimeField[]>;
}

/** @throws `scope_misconfigured` when it carries none. */
export function clientSchema(client: object): ClientSchema {
  const { models: runtime, schemaText: text, provider } = internalsOf(client);
  if (typeof text !== 'string' || typeof provider !== 'string' || typeof runtime !== 'object' || runtime === null) {
    throw unreadable('it carries no schema');
  }
  const models = new Map<string, readonly RuntimeField[]>();
  for (const [name, { fields }] of Object.entries(runtime)) {
    if (!Array.isArray(fields)) throw unreadable(`its model ${name} has no fields`);
    models.set(name, fields);
  }
  if (models.size === 0) throw unreadable('its schema has no models');
  return { provider, text, models };
}

/**
 * The schema a client was generated from, without a generator of one's own: what the client carries is read, each part is
 * checked against the other, and anything missing or unexpected is an error: unknown means refuse.
 *
 * @throws `scope_misconfigured` when the two do not describe the same models, fields and relations.
 */
export function readSchema(client: object): Schema {
  const { provider, text, models: runtime } = clientSchema(client);
  const declared = parseSchema(text);
  const models = new Map<string, SchemaModel>();
  for (const [name, fields] of runtime) {
    models.set(name, {
      name,
      fields: fields.map((field) => schemaField(name, field, declared)),
      keys: declared.models.get(name)?.keys ?? [],
    });
  }
  const schema = { provider, hasForeignKeys: declared.hasForeignKeys, models };
  checkRelations(schema);
  return schema;
}

function schemaField(model: string, field: RuntimeField, schema: DeclaredSchema): SchemaField {
  const { name, kind, type, relationName } = field;
  const declared = schema.models.get(model)?.fields.get(name);
  if (declared?.type !== type) throw unreadable(`the schema's text does not declare ${model}.${name} as ${type}`);
  if (kind !== 'scalar' && kind !== 'enum' && kind !== 'object')
    throw unreadable(`${model}.${name} is of kind ${kind}`);
  if (kind === 'object' && relationName === undefined)
    throw unreadable(`${model}.${name} is of the composite type ${type}`);
  const { isList, isRequired, hasDefault, nativeType } = declared;
  return {
    name,
    kind: kind === 'object' ? 'relation' : 'scalar',
    type,
    isList,
    isRequired: isRequired || isList,
    hasDefault,
    nativeType,
    relation: relationName === undefined ? null : keyRelation(relationName, declared.foreignKey, isRequired),
  };
}

/**
 * Each relation has two ends, of which one holds the foreign key, or both are lists: otherwise one was misread.
 *
 * @throws `scope_misconfigured` naming the relation.
 */
export function checkRelations({ models }: Pick<Schema, 'models'>): void {
  // Two pairs of models may give their relations the same name.
  const ends = new Map<string, SchemaField[]>();
  for (const { name: model, fields } of models.values()) {
    for (const field of fields) {
      if (!field.relation) continue;
      if (!models.has(field.type)) throw unreadable(`the model ${field.type} of ${field.name} is missing`);
      const relation = [field.relation.name, ...[model, field.type].sort()].join(' ');
      ends.set(relation, [...(ends.get(relation) ?? []), field]);
    }
  }
  for (const [name, fields] of ends) {
    const holders = fields.filter(({ relation }) => relation !== null && relation.fields.length > 0);
    const isManyToMany = holders.length === 0 && fields.every(({ isList }) => isList);
    if (fields.length !== 2 || !(holders.length === 1 || isManyToMany)) {
      throw unreadable(`the two ends of the relation ${name.split(' ')[0]} do not fit`);
    }
  }
}

export function unreadable(what: string): TenantScopeError {
  return misconfigured(
    `tenantScoped cannot read the schema of this client: ${what}. It reads clients that Prisma 7 generated. ` +
      'Run `prisma generate`, and pass `new PrismaClient(…)` itself.',
  );
}
