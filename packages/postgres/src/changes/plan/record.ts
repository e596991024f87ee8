import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { CHANGES } from '../../policies/relation-catalog.js';
import { readJson } from '../../protocol/read-json.js';
import { ChangeError } from './change-error.js';
import type { Step } from './step.js';

/** The table that holds a row for each change. */
export const RECORD = CHANGES;

export interface ChangeRecord {
  readonly name: string;
  readonly definition: unknown;
  readonly checksum: string;
  readonly steps: readonly Step[];
  /** Number of steps that are done. */
  readonly step: number;
  readonly state: 'running' | 'failed' | 'done' | 'abandoned';
  /** The last key that the backfill was past, as text, or null at its beginning. */
  readonly cursor: readonly string[] | null;
  /** Rows that the backfill was past, and about how many there are. */
  readonly rows: number;
  readonly estimate: number | null;
  readonly error: string | null;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly finishedAt: string | null;
}

/** Makes the table where it is missing, and takes away what default privileges gave to others. */
export async function ensureRecord(client: ClientBase): Promise<void> {
  if (!(await hasRecord(client))) {
    await client
      .query(`begin;
        create table if not exists ${RECORD} (
          name text collate "C" primary key,
          definition jsonb not null,
          checksum text not null,
          steps jsonb not null,
          step int not null default 0,
          state text not null default 'running' check (state in ('running', 'failed', 'done', 'abandoned')),
          cursor jsonb,
          rows bigint not null default 0,
          estimate bigint,
          error text,
          started_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          finished_at timestamptz
        );
        do $$ declare grantee text; begin
          for grantee in select distinct case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end
            from pg_class c, aclexplode(c.relacl) a where c.oid = '${RECORD}'::regclass and a.grantee <> c.relowner
          loop execute 'revoke all on ${RECORD} from ' || grantee; end loop;
        end $$;
        commit`)
      .catch(async (error: { readonly code?: string }) => {
        await client.query('rollback');
        // Another run, of another table, has made it in the same moment.
        if (!['23505', '42P07'].includes(error.code ?? '')) throw error;
      });
  }
  // Its steps are SQL that is run as this role: nobody else may have made it, but a superuser who gave it away.
  const sql = `select pg_get_userbyid(c.relowner) as owner from pg_class c join pg_roles r on r.oid = c.relowner
    where c.oid = '${RECORD}'::regclass and c.relowner <> current_user::regrole
      and not (r.rolsuper and has_table_privilege(c.oid, 'select, insert, update'))`;
  const [stranger] = await readJson<{ owner: string }>(client, sql);
  if (stranger) {
    throw new ChangeError(
      'change_not_permitted',
      `${RECORD}, whose statements are run, belongs to the role ${stranger.owner}. Nothing was done. ` +
        'Run every change as that role, if it is the one that maintains this database; or drop the table.',
    );
  }
}

async function hasRecord(client: ClientBase): Promise<boolean> {
  return (await readJson(client, `select 1 as found where to_regclass('${RECORD}') is not null`)).length > 0;
}

export async function readRecords(client: ClientBase, name?: string): Promise<ChangeRecord[]> {
  if (!(await hasRecord(client))) return [];
  return readJson<ChangeRecord>(
    client,
    `select name, definition, checksum, steps, step, state, cursor, rows, estimate, error,
      started_at as "startedAt", updated_at as "updatedAt", finished_at as "finishedAt"
      from ${RECORD} where $1::text is null or name = $1 order by started_at, name`,
    [name ?? null],
  );
}

/** SHA-256 of the definition, whatever order its properties are in. */
export function checksumOf(definition: unknown): string {
  const sorted = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .map(([key, inner]) => [key, sorted(inner)] as const)
            .toSorted(([a], [b]) => (a < b ? -1 : 1)),
        )
      : value;
  return createHash('sha256')
    .update(JSON.stringify(sorted(definition)))
    .digest('hex');
}

export async function insertRecord(
  client: ClientBase,
  { name, definition, steps }: Pick<ChangeRecord, 'name' | 'definition' | 'steps'>,
): Promise<void> {
  await client.query(
    `insert into ${RECORD} (name, definition, checksum, steps) values ($1, $2, $3, $4)
      on conflict (name) do update set definition = excluded.definition, checksum = excluded.checksum, steps = excluded.steps,
        step = 0, state = 'running', cursor = null, rows = 0, estimate = null, error = null,
        started_at = now(), updated_at = now(), finished_at = null`,
    [name, JSON.stringify(definition), checksumOf(definition), JSON.stringify(steps)],
  );
}

/** Writes that step `number` is done, in the transaction that is open, if there is one. */
export async function recordDone(client: ClientBase, name: string, number: number): Promise<void> {
  await client.query(
    `update ${RECORD} set step = $2, cursor = null, error = null, updated_at = clock_timestamp(),
      state = case when $2 = jsonb_array_length(steps) then 'done' else 'running' end,
      finished_at = case when $2 = jsonb_array_length(steps) then clock_timestamp() end
      where name = $1`,
    [name, number],
  );
}

export async function recordState(
  client: ClientBase,
  name: string,
  state: ChangeRecord['state'],
  error: string | null,
): Promise<void> {
  await client.query(`update ${RECORD} set state = $2, error = $3, updated_at = clock_timestamp() where name = $1`, [
    name,
    state,
    error,
  ]);
}
