import { operatingRule } from './operating-query.js';

/** A constraint that was added without reading the rows holds new ones alone. */
export const unvalidatedConstraints = operatingRule<{ subject: string; identifier: string; constraint: string }>({
  name: 'unvalidated-constraints',
  sql: `
    select n.nspname || '.' || c.relname as subject, format('%I.%I', n.nspname, c.relname) as identifier, quote_ident(k.conname) as constraint
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    where not k.convalidated and n.nspname !~ '^pg_' and k.conparentid = 0
      and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)`,
  diagnose: ({ subject, identifier, constraint }) => ({
    subject,
    message: `its constraint ${constraint} was never validated, so rows from before it may break it.`,
    fix: `alter table ${identifier} validate constraint ${constraint};`,
  }),
});

/** O26: rows that were changed or deleted stay in the table until it is vacuumed. */
export const deadRows = operatingRule<{ subject: string; identifier: string; dead: number; live: number }>({
  name: 'dead-rows',
  sql: `
    select s.schemaname || '.' || s.relname as subject, format('%I.%I', s.schemaname, s.relname) as identifier,
      s.n_dead_tup as dead, s.n_live_tup as live
    from pg_stat_user_tables s
    where s.n_dead_tup > 10000 and s.n_dead_tup > 0.3 * s.n_live_tup
      and not exists (select from pg_stat_progress_vacuum p where p.relid = s.relid)`,
  diagnose: ({ subject, identifier, dead, live }) => ({
    subject,
    message: `it has about ${dead} dead rows beside ${live} live ones, which every scan reads. Autovacuum is behind, or kept from its work by an old transaction.`,
    fix: `vacuum (analyze) ${identifier};`,
  }),
});

/** A table that was never analyzed is planned for as if it had a few pages. */
export const statistics = operatingRule<{ subject: string; identifier: string; live: number }>({
  name: 'statistics',
  sql: `
    select s.schemaname || '.' || s.relname as subject, format('%I.%I', s.schemaname, s.relname) as identifier, s.n_live_tup as live
    from pg_stat_user_tables s
    where s.n_live_tup >= $6::bigint and s.last_analyze is null and s.last_autoanalyze is null`,
  values: ({ largeTable }) => [largeTable],
  diagnose: ({ subject, identifier, live }) => ({
    subject,
    message: `it has about ${live} rows and was never analyzed, so plans are guesses.`,
    fix: `analyze ${identifier};`,
  }),
});

/** A sequence that ends refuses every insert. */
export const sequences = operatingRule<{ subject: string; share: number; table: string | null; column: string | null }>(
  {
    name: 'sequences',
    sql: `
    select s.schemaname || '.' || s.sequencename as subject, round(100.0 * s.last_value / ends.at)::int as share,
      owned.identifier as table, owned.attname as column
    from pg_sequences s
    left join lateral (
      select format('%I.%I', n.nspname, c.relname) as identifier, quote_ident(a.attname) as attname, a.atttypid
      from pg_depend d join pg_class c on c.oid = d.refobjid join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
      where d.objid = format('%I.%I', s.schemaname, s.sequencename)::regclass and d.deptype in ('a', 'i') and d.refobjsubid > 0
      limit 1
    ) owned on true
    cross join lateral (
      select least(s.max_value, case owned.atttypid when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647 else s.max_value end)
    ) ends (at)
    where s.increment_by > 0 and not s.cycle and s.last_value > 0.7 * ends.at`,
    diagnose: ({ subject, share, table, column }) => ({
      subject,
      message: `${share} % of its numbers are used; when they are, every insert fails.`,
      fix:
        table === null
          ? `alter sequence ${subject} as bigint no maxvalue;`
          : `-- with \`tenancy change\`, which rewrites nothing under a lock: the type of ${column} of ${table} to bigint`,
    }),
  },
);
