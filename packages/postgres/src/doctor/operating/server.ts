import { quoteIdentifier } from '../../policies/quoting.js';
import { operatingRule } from './operating-query.js';

/** Without room for new transactions PostgreSQL stops taking any. */
export const transactionIds = operatingRule<{ subject: string; age: number }>({
  name: 'transaction-ids',
  sql: `
    select n.nspname || '.' || c.relname as subject, age(c.relfrozenxid) as age
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm', 't') and age(c.relfrozenxid) > 1000000000
    order by 2 desc limit 10`,
  diagnose: ({ subject, age }) => ({
    subject,
    message: `its oldest rows are ${age} transactions old; at two billion PostgreSQL takes no writes any more.`,
    fix: `vacuum (freeze) ${subject};`,
  }),
});

/** O22: a transaction that stays open keeps vacuum from removing anything, and whoever wants an exclusive lock stops all others. */
export const openTransactions = operatingRule<{ pid: number; state: string; application: string; minutes: number }>({
  name: 'open-transactions',
  sql: `
    select a.pid, coalesce(a.state, '') as state, coalesce(a.application_name, '') as application,
      (extract(epoch from now() - a.xact_start) / 60)::int as minutes
    from pg_stat_activity a
    where a.datname = current_database() and a.backend_type = 'client backend' and a.pid <> pg_backend_pid()
      and a.xact_start < now() - make_interval(mins => $6::int)
    union all
    select 0, 'prepared', gid, (extract(epoch from now() - prepared) / 60)::int
    from pg_prepared_xacts where database = current_database() and prepared < now() - make_interval(mins => $6::int)`,
  values: ({ longTransactionMinutes }) => [longTransactionMinutes],
  // A query's text may hold a tenant's data, so it is not shown.
  diagnose: ({ pid, state, application, minutes }) => ({
    subject: state === 'prepared' ? `prepared transaction ${application}` : `session ${pid}`,
    message:
      `a transaction is open for ${minutes} minutes${state === 'prepared' ? '' : ` (${state}, ${application || 'without a name'})`}. Rows that are dead ` +
      'since then stay, and a change of a table that it has read waits for it.',
    fix:
      state === 'prepared'
        ? `-- when nobody needs it any more:\n-- rollback prepared '${application.replaceAll("'", "''")}';`
        : `-- when nobody needs it any more:\n-- select pg_terminate_backend(${pid});`,
  }),
});

/** O33: a slot whose reader is gone holds the log of all that is written, until the disk is full. */
export const replicationSlots = operatingRule<{ slot: string; held: string | null; status: string | null }>({
  name: 'replication-slots',
  sql: `
    select slot_name as slot, wal_status as status,
      case when pg_is_in_recovery() then null else pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) end as held
    from pg_replication_slots where not active`,
  diagnose: ({ slot, held, status }) => ({
    subject: `slot ${slot}`,
    message: `nobody reads it, and it holds ${held ?? 'all'} of the log (${status ?? 'unknown'}), until the disk is full.`,
    fix: `-- when its reader does not come back:\n-- select pg_drop_replication_slot('${slot.replaceAll("'", "''")}');`,
  }),
});

const TIMEOUTS = ['statement_timeout', 'idle_in_transaction_session_timeout'];

/** One query of one tenant that never ends takes a connection away from all. */
export const timeouts = operatingRule<{ role: string; missing: readonly string[] }>({
  name: 'timeouts',
  sql: `
    select r.rolname as role, json_agg(s.name order by s.name) as missing
    from pg_roles r cross join unnest(array[${TIMEOUTS.map((name) => `'${name}'`).join(', ')}]) wanted (name)
    join pg_settings s on s.name = wanted.name
    where r.rolname = $6::text and not exists (
        select from pg_db_role_setting d cross join unnest(d.setconfig) config
        where d.setrole in (0, r.oid) and d.setdatabase in (0, (select oid from pg_database where datname = current_database()))
          and config like s.name || '=%' and config <> s.name || '=0'
      ) and s.reset_val = '0'
    group by r.rolname`,
  values: ({ role }) => [role],
  diagnose: ({ role, missing }) => ({
    subject: `role ${role}`,
    message:
      `it has no ${missing.join(' and no ')}: a statement of one tenant that never ends, or a transaction that was forgotten, keeps a connection ` +
      'from all of them. Choose what your slowest request needs; where a pooler or the pool sets them already, leave this.',
    fix: missing
      .map(
        (name) =>
          `alter role ${quoteIdentifier(role)} set ${name} = '${name === 'statement_timeout' ? '30s' : '60s'}';`,
      )
      .join('\n'),
  }),
});
