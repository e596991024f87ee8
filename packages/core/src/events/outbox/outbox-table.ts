import { TenancyConfigurationError } from '../../errors/configuration-error.js';

/** The name of the table, unless told otherwise. */
export const OUTBOX_TABLE = 'outbox_event';

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
  const name = checkedTable(table);
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
create index if not exists ${name.replace('.', '_')}_order on ${name} (tenant_id, sequence);
`;
}

/** @throws `tenancy_misconfigured` for a name that would need quotes: it stands in statements as it is. */
export function checkedTable(table: unknown): string {
  if (typeof table === 'string' && /^[a-z_][a-z0-9_]{0,50}(\.[a-z_][a-z0-9_]{0,50})?$/.test(table)) return table;
  throw new TenancyConfigurationError(
    'TenantOutbox.table',
    'is no name of a table',
    'Use lower case letters, digits and underscores, after a schema and a dot if it needs one.',
  );
}
