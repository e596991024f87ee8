import type pg from 'pg';
import { isOutsideTransactions } from '../../src/parser/outside-transactions.js';
import type { ParsedStatement } from '../../src/parser/parse-sql.js';

/** The work of one statement, as PostgreSQL itself tells it. */
export interface Measured {
  /** True where a table that was there has another file on the disk afterwards. */
  readonly rewrites: boolean;
  /** Rows that were read of tables that were there. */
  readonly read: number;
  /** True where some table that was there was locked against writers. */
  readonly keepsOut: boolean;
}

/** Modes that a writer, who has ROW EXCLUSIVE, waits for. */
const STRONG = ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'];

/** Runs the statements of one migration as the runner does, in one transaction but for what cannot be in one, and measures each. */
export async function measure(
  client: pg.Client,
  other: pg.Client,
  statements: readonly ParsedStatement[],
  end: 'commit' | 'rollback',
): Promise<readonly Measured[]> {
  const { rows } = await client.query(
    "select array_agg(oid::int order by oid) as all from pg_class where relkind in ('r', 'm', 'p') and relnamespace = 'public'::regnamespace",
  );
  const tables = rows[0].all as readonly number[];
  const results: Measured[] = [];
  let isOpen = false;
  for (const statement of statements) {
    if (isOutsideTransactions(statement)) {
      if (isOpen) await client.query('commit');
      isOpen = false;
      results.push(await outside(client, other, tables, statement.text));
    } else {
      if (!isOpen) await client.query('begin');
      isOpen = true;
      results.push(await inside(client, tables, statement.text));
    }
  }
  if (isOpen) await client.query(end);
  return results;
}

async function inside(client: pg.Client, tables: readonly number[], text: string): Promise<Measured> {
  const [files, read] = [await filesOf(client, tables), await readOf(client, tables)];
  await client.query(text);
  const { rows } = await client.query(
    'select mode from pg_locks where pid = pg_backend_pid() and relation = any($1::oid[])',
    [tables],
  );
  return {
    rewrites: (await filesOf(client, tables)) !== files,
    read: (await readOf(client, tables)) - read,
    keepsOut: rows.some(({ mode }) => STRONG.includes(mode)),
  };
}

/** Beside a session that holds every table, the statement waits for its first lock, whose mode is then seen. */
async function outside(
  client: pg.Client,
  other: pg.Client,
  tables: readonly number[],
  text: string,
): Promise<Measured> {
  const files = await filesOf(client, tables);
  const { rows: names } = await client.query(
    "select string_agg(oid::regclass::text, ', ') as all from pg_class where oid = any($1::oid[]) and relkind in ('r', 'p')",
    [tables],
  );
  const { rows: own } = await client.query('select pg_backend_pid() as pid');
  await other.query(`begin; lock table ${names[0].all} in access exclusive mode`);
  const done = client.query(text);
  done.catch(() => {});
  let modes: readonly string[] = [];
  for (let isDone = false; modes.length === 0 && !isDone; ) {
    isDone = await Promise.race([
      done.then(
        () => true,
        () => true,
      ),
      new Promise<false>((resolve) => setTimeout(resolve, 5, false)),
    ]);
    const { rows } = await other.query('select mode from pg_locks where pid = $1 and not granted', [own[0].pid]);
    modes = rows.map(({ mode }) => mode);
  }
  await other.query('commit');
  await done;
  return {
    rewrites: (await filesOf(client, tables)) !== files,
    read: 0,
    keepsOut: modes.some((mode) => STRONG.includes(mode)),
  };
}

async function filesOf(client: pg.Client, tables: readonly number[]): Promise<string> {
  const { rows } = await client.query(
    // What is dropped has no file any more, and that is no rewrite.
    "select string_agg(oid || ':' || pg_relation_filenode(oid), ' ' order by oid) as files from pg_class where oid = any($1::oid[]) and relkind = 'r'",
    [tables],
  );
  return rows[0].files as string;
}

async function readOf(client: pg.Client, tables: readonly number[]): Promise<number> {
  const { rows } = await client.query(
    'select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::int as read from pg_stat_xact_user_tables where relid = any($1::oid[])',
    [tables],
  );
  return rows[0].read as number;
}
