import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { type DeclaredField, type DeclaredSchema, parseSchema } from './schema-text.js';

export interface SchemaField {
  readonly name: string;
  readonly isScalar: boolean;
  readonly declared: DeclaredField;
  readonly relationName: string | null;
}

export interface SchemaModel {
  readonly name: string;
  readonly fields: readonly SchemaField[];
}

export interface Schema {
  readonly models: ReadonlyMap<string, SchemaModel>;
  readonly hasForeignKeys: boolean;
}

interface RuntimeField {
  readonly name: string;
  readonly kind: string;
  readonly type: string;
  readonly relationName?: string;
}

/**
 * The schema a client was generated from. Prisma 7 has no public way to it without a generator of one's own, so what the
 * client carries (`_runtimeDataModel`, and the schema's text) is read, each is checked against the other, and anything
 * missing or unexpected is an error: unknown means refuse.
 *
 * @throws `scope_misconfigured` when the two do not describe the same models, fields and relations.
 */
export function readSchema(client: object): Schema {
  const { _runtimeDataModel: runtime, _engineConfig: engine } = client as {
    _runtimeDataModel?: { models?: Record<string, { fields?: readonly RuntimeField[] }> };
    _engineConfig?: { inlineSchema?: unknown };
  };
  const text = engine?.inlineSchema;
  if (typeof text !== 'string' || typeof runtime?.models !== 'object' || runtime.models === null) {
    throw unreadable('it carries no schema');
  }
  const declared = parseSchema(text);
  const models = new Map<string, SchemaModel>();
  for (const [name, { fields }] of Object.entries(runtime.models)) {
    if (!Array.isArray(fields)) throw unreadable(`its model ${name} has no fields`);
    models.set(name, { name, fields: fields.map((field) => schemaField(name, field, declared)) });
  }
  if (models.size === 0) throw unreadable('its schema has no models');
  for (const model of models.values()) for (const field of model.fields) checkRelation(models, model, field);
  return { models, hasForeignKeys: declared.hasForeignKeys };
}

function schemaField(model: string, field: RuntimeField, schema: DeclaredSchema): SchemaField {
  const { name, kind, type, relationName } = field;
  const declared = schema.models.get(model)?.get(name);
  if (declared?.type !== type) throw unreadable(`the schema’s text does not declare ${model}.${name} as ${type}`);
  if (kind !== 'scalar' && kind !== 'enum' && kind !== 'object')
    throw unreadable(`${model}.${name} is of kind ${kind}`);
  return { name, isScalar: kind !== 'object', declared, relationName: relationName ?? null };
}

/** Each relation has two ends, of which one holds the foreign key, or both are lists: otherwise one was misread. */
function checkRelation(models: Schema['models'], model: SchemaModel, field: SchemaField): void {
  if (field.isScalar) return;
  const other = models.get(field.declared.type);
  if (!other || field.relationName === null) {
    throw unreadable(`${model.name}.${field.name} is of the composite type ${field.declared.type}`);
  }
  const ends = [...new Set([model, other])].flatMap((end) =>
    end.fields.filter(
      ({ relationName, declared: { type } }) =>
        relationName === field.relationName && type === (end === model ? other.name : model.name),
    ),
  );
  const keys = ends.filter(({ declared }) => declared.foreignKey !== null).length;
  const isManyToMany = keys === 0 && ends.every(({ declared }) => declared.isList);
  if (ends.length !== 2 || !(keys === 1 || isManyToMany)) {
    throw unreadable(`the foreign key of ${model.name}.${field.name} is not in the schema’s text`);
  }
}

function unreadable(what: string): TenantScopeError {
  return new TenantScopeError(
    'scope_misconfigured',
    `tenantScoped cannot read the schema of this client: ${what}. It reads clients that Prisma 7 generated. ` +
      'Run `prisma generate`, and pass `new PrismaClient(…)` itself.',
  );
}
