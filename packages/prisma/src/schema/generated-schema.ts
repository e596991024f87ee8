import { createHash } from 'node:crypto';
import { misconfigured } from '../errors/misconfigured.js';
import type { TenantScopeError } from '../errors/tenant-scope-error.js';
import { checkRelations, clientSchema } from './read-schema.js';
import { keyRelation } from './referential-actions.js';
import type { Schema, SchemaField, SchemaModel } from './schema.js';

/** The `tenancySchema` that the generator `tenancy-prisma` writes. Made by `prisma generate`, and not by hand. */
export interface TenancySchema {
  /** The form of this object. */
  readonly version: number;
  /** Of the schema's text, to know a client that was generated from another. */
  readonly hash: string;
  readonly relationMode: string;
  readonly models: Readonly<Record<string, readonly TenancySchemaField[]>>;
  /** The keys that identify a row of each model, the primary key first. */
  readonly keys: Readonly<Record<string, readonly TenancySchemaKey[]>>;
}

export interface TenancySchemaKey {
  /** Its name in a `where`. */
  readonly name: string;
  readonly fields: readonly string[];
}

/** A field of a model, as the generator writes it down. */
export interface TenancySchemaField {
  readonly name: string;
  readonly type: string;
  readonly isList: boolean;
  readonly isRequired: boolean;
  readonly hasDefault: boolean;
  readonly nativeType: string | null;
  readonly relation: {
    readonly name: string;
    readonly fields: readonly string[];
    readonly references: readonly string[];
    readonly onDelete: string | null;
    readonly onUpdate: string | null;
  } | null;
}

export const SCHEMA_VERSION = 2;

/** Of a schema's text, however it is indented. */
export function hashOf(text: string): string {
  const lines = text.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
  return createHash('sha256')
    .update(lines.filter((line) => line !== '').join('\n'))
    .digest('hex');
}

/**
 * The schema as the generator wrote it, after a look at whether the client is of the same.
 *
 * @throws `scope_misconfigured` when it is malformed, or not of this client's schema.
 */
export function readGeneratedSchema(generated: TenancySchema, client: object): Schema {
  const { provider, text, models: runtime } = clientSchema(client);
  if (
    generated?.version !== SCHEMA_VERSION ||
    typeof generated.models !== 'object' ||
    typeof generated.keys !== 'object'
  ) {
    throw stale('it was written by another version of @tenancy/prisma, or is no `tenancySchema` at all');
  }
  if (generated.hash !== hashOf(text)) throw stale('the client was generated from another schema than it');
  const models = new Map(
    Object.entries(generated.models).map(([name, fields]) => [name, model(name, fields, generated.keys)]),
  );
  const names = (fields: readonly { readonly name: string; readonly type: string }[] | undefined) =>
    fields
      ?.map(({ name, type }) => `${name} ${type}`)
      .sort()
      .join();
  for (const name of new Set([...models.keys(), ...runtime.keys()])) {
    if (names(models.get(name)?.fields) !== names(runtime.get(name)))
      throw stale(`it has another model ${name} than the client`);
  }
  const schema = { provider, hasForeignKeys: generated.relationMode !== 'prisma', models };
  checkRelations(schema);
  return schema;
}

function model(name: string, fields: readonly TenancySchemaField[], keys: TenancySchema['keys']): SchemaModel {
  return {
    name,
    keys: keys[name] ?? [],
    fields: fields.map(({ name: field, type, isList, isRequired, hasDefault, nativeType, relation }): SchemaField => {
      if (
        typeof field !== 'string' ||
        typeof isList !== 'boolean' ||
        typeof isRequired !== 'boolean' ||
        typeof hasDefault !== 'boolean'
      ) {
        throw stale(`its model ${name} is malformed`);
      }
      return {
        name: field,
        kind: relation ? 'relation' : 'scalar',
        type,
        isList,
        isRequired,
        hasDefault,
        nativeType,
        relation: relation && keyRelation(relation.name, relation.fields.length > 0 ? relation : null, isRequired),
      };
    }),
  };
}

function stale(what: string): TenantScopeError {
  return misconfigured(
    `tenantScoped: the option \`schema\` is stale: ${what}. Run \`prisma generate\` for all generators, and pass \`tenancySchema\` ` +
      'of the file that `tenancy-prisma` wrote.',
  );
}
