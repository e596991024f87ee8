import { operatingRule } from './operating-query.js';

/** Columns of the index `i` in its order, without those that it only carries along. */
const KEY = '(i.indkey::int2[])[0:i.indnkeyatts - 1]';

const NAMES = (numbers: string, table: string) => `(
    select string_agg(quote_ident(a.attname), ', ' order by named.place) from unnest(${numbers}) with ordinality named (number, place)
    join pg_attribute a on a.attrelid = ${table} and a.attnum = named.number
  )`;

/** G3: every query of a tenant asks for its column, so an index that begins with another one is read for all tenants. */
export const tenantIndexes = operatingRule<{ subject: string; identifier: string; rows: number; columns: string }>({
  name: 'tenant-indexes',
  sql: `
    select t.subject, t.identifier, t.rows,
      quote_ident(t.tenant) || coalesce(', ' || (
        select ${NAMES(`array(select number from unnest(${KEY}) number where number <> t.tenant_number)`, 't.oid')}
        from pg_index i where i.indrelid = t.oid and i.indisprimary
      ), '') as columns
    from tenant_table t
    where t.rows >= $6::bigint and not exists (
      select from pg_index i
      where i.indrelid = t.oid and i.indisvalid and i.indpred is null and i.indkey[0] = t.tenant_number
    )`,
  values: ({ largeTable }) => [largeTable],
  diagnose: ({ subject, identifier, rows, columns }) => ({
    subject,
    message: `it has about ${rows} rows and no index that begins with the tenant, so each query of a tenant reads the rows of all.`,
    fix: `create index concurrently on ${identifier} (${columns});`,
  }),
});

interface ForeignKey {
  readonly subject: string;
  readonly identifier: string;
  readonly constraint: string;
  readonly parent: string;
  readonly rows: number;
  readonly columns: string;
}

/** O36: a row that is deleted looks for its children; without an index on their key it reads the whole table, once for each row. */
export const foreignKeyIndexes = operatingRule<ForeignKey>({
  name: 'foreign-key-indexes',
  sql: `
    select t.subject, t.identifier, k.conname as constraint, k.confrelid::regclass::text as parent, t.rows,
      ${NAMES('k.conkey', 't.oid')} as columns
    from tenant_table t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f'
    where t.rows >= $6::bigint and not exists (
      select from pg_index i
      where i.indrelid = t.oid and i.indisvalid and i.indpred is null
        and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
    )`,
  values: ({ largeTable }) => [largeTable],
  diagnose: ({ subject, identifier, constraint, parent, rows, columns }) => ({
    subject,
    message:
      `its foreign key ${constraint} to ${parent} has no index, so each row of ${parent} that is deleted reads the ${rows} rows here. ` +
      'To delete a tenant takes hours.',
    fix: `create index concurrently on ${identifier} (${columns});`,
  }),
});

interface Unused {
  readonly subject: string;
  readonly index: string;
  readonly size: string;
  readonly days: number;
}

/** Bytes below which an index costs nothing. */
const LARGE_INDEX = 8 * 2 ** 20;

/** An index that holds a key or a constraint, or that deletes look into, is used without being counted. */
export const unusedIndexes = operatingRule<Unused>({
  name: 'unused-indexes',
  sql: `
    select t.subject, s.indexrelid::regclass::text as index, pg_size_pretty(pg_relation_size(s.indexrelid)) as size, d.days
    from tenant_table t
    join pg_stat_user_indexes s on s.relid = t.oid
    join pg_index i on i.indexrelid = s.indexrelid
    cross join lateral (
      select extract(day from now() - coalesce(stats_reset, pg_postmaster_start_time()))::int as days
      from pg_stat_database where datname = current_database()
    ) d
    where s.idx_scan = 0 and d.days >= $6::int and pg_relation_size(s.indexrelid) >= ${LARGE_INDEX}
      and i.indisvalid and not i.indisunique and not i.indisexclusion and not i.indisreplident and not i.indisclustered
      and not exists (
        select from pg_constraint k
        where k.conrelid = t.oid and k.contype = 'f' and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
      )`,
  values: ({ observedDays }) => [observedDays],
  diagnose: ({ subject, index, size, days }) => ({
    subject,
    message: `its index ${index} (${size}) was not read once in ${days} days, and each write keeps it up to date. A replica may use it: look there too.`,
    fix: `drop index concurrently ${index};`,
  }),
});

/** True where a vector of the catalog's is the same in `i` and in the beginning of `o`. A slice begins at 1, and a vector at 0. */
const sameBeginning = (vector: string) => `(o.${vector})[0:i.indnkeyatts - 1] = (i.${vector})[0:i.indnkeyatts - 1]`;

/** An index whose columns begin another one of the same kind finds nothing that the other one does not. */
export const redundantIndexes = operatingRule<{ subject: string; index: string; other: string }>({
  name: 'redundant-indexes',
  sql: `
    select t.subject, i.indexrelid::regclass::text as index, (array_agg(o.indexrelid::regclass::text order by o.indexrelid))[1] as other
    from tenant_table t
    join pg_index i on i.indrelid = t.oid
    join pg_class ic on ic.oid = i.indexrelid
    join pg_index o on o.indrelid = t.oid and o.indexrelid <> i.indexrelid
    join pg_class oc on oc.oid = o.indexrelid
    where not i.indisunique and not i.indisexclusion and not i.indisreplident and i.indisvalid and o.indisvalid
      and i.indexprs is null and o.indexprs is null and ic.relam = oc.relam
      and ic.relam = (select oid from pg_am where amname = 'btree')
      and i.indpred is null and o.indpred is null
      and i.indnkeyatts = i.indnatts and i.indnkeyatts <= o.indnkeyatts
      and ${['indkey::int2[]', 'indclass::oid[]', 'indcollation::oid[]', 'indoption::int2[]'].map(sameBeginning).join(' and ')}
      -- Of two that are the same one stays.
      and (i.indnkeyatts < o.indnkeyatts or o.indisunique or i.indexrelid > o.indexrelid)
    group by t.subject, i.indexrelid`,
  diagnose: ({ subject, index, other }) => ({
    subject,
    message: `its index ${index} finds nothing that ${other} does not find, which begins with the same columns.`,
    fix: `drop index concurrently ${index};`,
  }),
});

/** O20: an index whose build was cut off is kept up to date by every write and used by no query. */
export const invalidIndexes = operatingRule<{ subject: string; index: string }>({
  name: 'invalid-indexes',
  sql: `
    select n.nspname || '.' || c.relname as subject, i.indexrelid::regclass::text as index
    from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    where not i.indisvalid and n.nspname !~ '^pg_' and c.relkind = 'r'
      and not exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid)`,
  diagnose: ({ subject, index }) => ({
    subject,
    message: `its index ${index} is invalid: its build was cut off. Every write keeps it up to date, and no query uses it.`,
    fix: `reindex index concurrently ${index};`,
  }),
});
