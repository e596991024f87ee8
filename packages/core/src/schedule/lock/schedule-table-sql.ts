import { tableName } from '../../table-name.js';

/** @defaultValue of `tableName` */
export const SCHEDULE_TABLE = 'tenancy_schedule';

/**
 * The SQL of the table for `lock: { table }`: a row for each job, and one for each of its tenants while a tick runs. It holds no data of
 * tenants but their ids, and is for the role of the lock's pool alone.
 *
 * @param name - `table` or `schema.table`, in lower case
 * @throws `tenancy_misconfigured` for another name.
 * @example
 * ```ts
 * import { scheduleTableSql } from '@tenancy/core/schedule';
 *
 * const migration = scheduleTableSql(); // create table if not exists tenancy_schedule (…)
 * ```
 */
export function scheduleTableSql(name: string = SCHEDULE_TABLE): string {
  return `create table if not exists ${tableName('lock.tableName', name)} (
  job text collate "C" not null,
  -- The empty one, which no tenant has, is the tick itself.
  tenant text collate "C" not null,
  tick bigint not null,
  holder text not null,
  lease_until timestamptz,
  done_at timestamptz,
  primary key (job, tenant)
);
`;
}
