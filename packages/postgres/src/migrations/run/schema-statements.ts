import { doBlock, quoteIdentifier, quoteLiteral } from '../../policies/quoting.js';

/** The rights of the application's role on a schema of its tenants; the same again after each change. */
export function grants(schema: string, role: string): readonly string[] {
  const [where, whom] = [quoteIdentifier(schema), quoteIdentifier(role)];
  return [
    `grant select, insert, update, delete on all tables in schema ${where} to ${whom}`,
    `grant usage, select, update on all sequences in schema ${where} to ${whom}`,
    `grant execute on all routines in schema ${where} to ${whom}`,
  ];
}

/** The SQLSTATE of {@link leftSchema}. */
export const LEFT = 'TNY04';

const CLASSES = 'pg_class c';

/** Catalogs in which a change of the schema's contents shows, with what finds the schema of a row. */
const CATALOGS: readonly (readonly [string, string])[] = [
  [CLASSES, 'c.relnamespace'],
  ['pg_proc c', 'c.pronamespace'],
  ['pg_type c', 'c.typnamespace'],
  ['pg_attribute c join pg_class r on r.oid = c.attrelid', 'r.relnamespace'],
  ['pg_attrdef c join pg_class r on r.oid = c.adrelid', 'r.relnamespace'],
  ['pg_constraint c', 'c.connamespace'],
  // Not those of foreign keys, which a table that everybody reads gets from each that refers to it.
  [
    '(select xmin, tgrelid from pg_trigger where not tgisinternal) c join pg_class r on r.oid = c.tgrelid',
    'r.relnamespace',
  ],
  ['pg_policy c join pg_class r on r.oid = c.polrelid', 'r.relnamespace'],
  ['pg_namespace c', 'c.oid'],
];

/** Rows that this connection has written, by schema. PostgreSQL adds what earlier transactions wrote, until it has told it to everybody. */
const WRITTEN = `select schemaname, sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint as n from pg_catalog.pg_stat_xact_all_tables
  where schemaname !~ '^pg_' and schemaname <> 'information_schema' group by schemaname having sum(n_tup_ins + n_tup_upd + n_tup_del) > 0`;

/** Remembers what was written before the statements, which {@link leftSchema} compares with. */
export const WATCH = `select set_config('tenancy.written', (select coalesce(jsonb_object_agg(schemaname, n), '{}') from (${WRITTEN}) written)::text, true)`;

/**
 * Fails where the open transaction has changed what lies outside of `schema`: code in a migration may name what it likes. Rows of
 * catalogs carry the transaction that wrote them, which is this one where it is not over. What was dropped has no row any more.
 *
 * @param shared - schemas whose tables may be referred to, which PostgreSQL notes down beside them
 */
export function leftSchema(schema: string, shared: readonly string[]): readonly string[] {
  const changed = CATALOGS.map(
    ([from, namespace]) => `select ${namespace} as namespace, ${from === CLASSES} as noted from ${from}
      where age(c.xmin) <= 0 and pg_xact_status((epoch + c.xmin::text::bigint)::text::xid8) = 'in progress'`,
  );
  // Triggers that wait for the commit are code, too.
  const deferred = 'set constraints all immediate';
  const check = doBlock(`
    declare
      elsewhere text;
      epoch bigint := pg_current_xact_id()::text::bigint / 4294967296 * 4294967296;
    begin
      select n.nspname into elsewhere from (${changed.join('\n      union all ')}) changed
        join pg_catalog.pg_namespace n on n.oid = changed.namespace
      where n.nspname <> ${quoteLiteral(schema)} and n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
        and not (noted and n.nspname = any (array[${shared.map(quoteLiteral).join(', ')}]::text[]))
      limit 1;
      if elsewhere is null then
        select schemaname into elsewhere from (${WRITTEN}) written
        where n is distinct from (current_setting('tenancy.written')::jsonb ->> schemaname)::bigint and schemaname <> ${quoteLiteral(schema)}
        limit 1;
      end if;
      if elsewhere is not null then
        raise exception using errcode = '${LEFT}', message = format('it has changed the schema %I', elsewhere);
      end if;
    end`);
  return [deferred, check];
}
