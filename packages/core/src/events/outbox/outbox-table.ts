import { tableName } from '../../table-name.js';

/** The name of the table, unless told otherwise. */
export const OUTBOX_TABLE = 'outbox_event';

/** Bytes of a name in PostgreSQL, which cuts a longer one. */
const LONGEST = 63;

/**
 * The SQL of the outbox's table, for a migration. It is a table of the tenants', so it gets its policies as all others do: name it in
 * `compilePolicies({ tables: [{ name: 'outbox_event' }, …] })`.
 *
 * @throws `tenancy_misconfigured` for a name that would need quotes.
 * @example
 * ```ts
 * import { outboxTableSql } from '@tenancy/core/events';
 *
 * const migration = outboxTableSql();
 * ```
 */
export function outboxTableSql(table: string = OUTBOX_TABLE): string {
  const name = tableName('TenantOutbox.table', table);
  const index = `${name.replace('.', '_').slice(0, LONGEST - '_order'.length)}_order`;
  return `create table if not exists ${name} (
  id uuid primary key,
  tenant_id text not null,
  sequence bigint generated always as identity,
  queue text not null,
  name text not null,
  data json not null,
  options json not null,
  attempts integer not null default 0,
  failure text,
  due_at timestamptz not null default now()
);
create index if not exists ${index} on ${name} (tenant_id, sequence);
`;
}
