import { misconfigured } from '../errors/misconfigured.js';

/** Settings of the application's own, which PostgreSQL lists nowhere: their names stand in what was sent. */
export function namesIn(query: unknown, values: unknown): string[] {
  const { text, values: own } = (typeof query === 'object' && query ? query : { text: query }) as {
    readonly text?: unknown;
    readonly values?: unknown;
  };
  const parameters = [values, own].flatMap((each) => (Array.isArray(each) ? each : []));
  const texts = [text, ...parameters].filter((each) => typeof each === 'string');
  return texts.flatMap((each) => each.replaceAll('"', '').match(/[a-z_][\w$]*(?:\s*\.\s*[a-z_][\w$]*)+/gi) ?? []);
}

/**
 * Reads what the set-up of a connection (`onConnect`, a listener of `connect`) set for the session, which is set again after
 * every reset; and what it left that cannot be.
 */
export const SET_UP = `
  select name, pg_catalog.current_setting(name) as value from pg_catalog.pg_settings
    where source = 'session' and name !~ '^transaction_'
  union all
  select name, pg_catalog.current_setting(name, true) from pg_catalog.unnest($1::text[]) name
    where pg_catalog.current_setting(name, true) <> '' and name not in (select name from pg_catalog.pg_settings)
  union all
  select 'role', pg_catalog.current_setting('role') where pg_catalog.current_setting('role') <> 'none'
  union all
  select null, 'LISTEN' where exists (select from pg_catalog.pg_listening_channels())
  union all
  select null, 'PREPARE' where exists (select from pg_catalog.pg_prepared_statements where from_sql)
  union all
  select null, 'a cursor' where exists (select from pg_catalog.pg_cursors where is_holdable)
  union all
  select null, 'a temporary table' where pg_catalog.pg_my_temp_schema() <> 0
  union all
  select null, 'a lock' where exists (
    select from pg_catalog.pg_locks where locktype = 'advisory' and pid = pg_catalog.pg_backend_pid()
  )
`;

export interface SetUpRow {
  readonly name: string | null;
  readonly value: string;
}

/** @throws `floor_misconfigured` when something was left that would be gone as soon as another tenant comes. */
export function settingsOf(rows: readonly SetUpRow[]): (readonly [name: string, value: string])[] {
  const left = rows.filter(({ name }) => name === null).map(({ value }) => value);
  if (left.length > 0) {
    throw misconfigured(
      `the set-up of a connection (\`onConnect\`, or a listener of \`connect\`) left ${left.join(' and ')} on it. Only ` +
        'what it sets stays: the rest is gone as soon as the connection goes from one tenant to another. Leave it out; for ' +
        'LISTEN use a connection of the admin pool.',
    );
  }
  return rows.map(({ name, value }) => [name ?? '', value] as const);
}
