import type { Client } from 'pg';
import type { CompilePoliciesOptions } from '../../policies/policy-options.js';
import { doBlock, quoteLiteral } from '../../policies/quoting.js';
import { COLUMN_TYPE, FROM_EXTENSION, isTenantColumn } from '../../policies/relation-catalog.js';
import { ask } from '../../protocol/ask.js';
import type { MigrationPolicies } from './migrate-options.js';

/** Tables and views of a schema, as one text of JSON. It names the schema nowhere, so that equal schemas have equal ones. */
export type Contents = string;

interface Relation {
  readonly name: string;
  readonly isView: boolean;
  /** The type of the tenant column; null when there is no such column. */
  readonly type: string | null;
  readonly deterministic: boolean;
}

/** The query of the {@link Contents} of a schema, whatever the search path. */
function contentsQuery(schema: string, { tenantColumn = 'tenant_id' }: MigrationPolicies): string {
  return `select coalesce(json_agg(json_build_object('name', c.relname, 'isView', c.relkind = 'v',
      'type', ${COLUMN_TYPE}, 'deterministic', coalesce(l.collisdeterministic, true)) order by c.relname collate "C")::text, '[]')
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = ${quoteLiteral(tenantColumn)} and a.attnum > 0 and not a.attisdropped
      left join pg_catalog.pg_collation l on l.oid = a.attcollation
    where n.nspname = ${quoteLiteral(schema)} and c.relkind in ('r', 'p', 'v') and not ${FROM_EXTENSION}`;
}

export async function schemaContents(client: Client, schema: string, policies: MigrationPolicies): Promise<Contents> {
  const [row] = await ask<'contents'>(client, `select (${contentsQuery(schema, policies)}) as contents`);
  return row?.contents ?? '[]';
}

/**
 * Those tables of a tenant's own schema that have the column of the tenant, which policies hold: beside rows of many in one database, the
 * application's role reaches them from everywhere by their full name. Tables without one are the tenant's by their place alone.
 *
 * @returns null where no table has it
 */
export function heldIn(
  schema: string,
  contents: Contents,
  { tables: _tables, schemas: _schemas, tenantColumn = 'tenant_id', shared, hidden, ...compiled }: MigrationPolicies,
): CompilePoliciesOptions | null {
  const relations = JSON.parse(contents) as readonly Relation[];
  const tables = relations.flatMap((relation) =>
    !relation.isView && isTenantColumn(relation)
      ? [{ schema, name: relation.name, tenantColumn, type: relation.type }]
      : [],
  );
  const views = relations.flatMap(({ name, isView }) => (isView ? [{ schema, name }] : []));
  return tables.length === 0 ? null : { ...compiled, tables, views };
}

/** The SQLSTATE of {@link otherwise}. */
export const OTHERWISE = 'TNY05';

/** A block that fails where a schema has other tables than `contents`. */
export function otherwise(schema: string, contents: Contents, policies: MigrationPolicies): string {
  return doBlock(`
    begin
      if (${contentsQuery(schema, policies)}) <> ${quoteLiteral(contents)} then
        raise exception using errcode = '${OTHERWISE}', message = 'the schema has other tables than were expected';
      end if;
    end`);
}
