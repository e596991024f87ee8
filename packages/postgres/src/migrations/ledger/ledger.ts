import type { ClientBase } from 'pg';
import { doBlock, quoteLiteral } from '../../policies/quoting.js';
import { ask, isTrue } from '../../protocol/ask.js';
import type { Migration } from '../source/migration.js';

/** The target of a database without schemas of tenants: the database itself. */
export const DATABASE = '';

/** A line of the ledger: one migration in one target. */
export interface LedgerEntry {
  readonly name: string;
  readonly checksum: string;
  /** The steps that are done. */
  readonly done: number;
  readonly isApplied: boolean;
  /** True where the step after those that are done was begun, outside of a transaction. */
  readonly isBegun: boolean;
  /** Why it failed the last time, if it did. */
  readonly failure: string | null;
}

/** The ledger, named with its schema: a migration may have changed the search path. */
export const LEDGER = 'public.tenancy_migrations';

/** The SQL that makes the ledger. */
export const LEDGER_SQL = `
    begin;
    select pg_advisory_xact_lock(hashtextextended('${LEDGER}, created', 0));
    create table if not exists ${LEDGER} (
      target text collate "C" not null,
      name text collate "C" not null,
      checksum text not null,
      done int not null,
      begun boolean not null default false,
      failure text,
      begun_at timestamptz not null default clock_timestamp(),
      applied_at timestamptz,
      incarnation text,
      primary key (target, name)
    );
    comment on table ${LEDGER} is 'What @tenancy has applied to which target: a schema, or the database itself where it is empty.';
    commit`;

/**
 * The incarnation of a schema: its oid, which one that is dropped and made anew has not, behind that of the ledger's own key. In a
 * database that was restored or upgraded both are others, and an incarnation from before says nothing.
 */
const KEY = `(select concat(oid, '/') from pg_constraint where conrelid = '${LEDGER}'::regclass and contype = 'p')`;

export function hasLedger(client: ClientBase): Promise<boolean> {
  return isTrue(client, `select to_regclass('${LEDGER}') is not null as answer`);
}

/** Makes the ledger where there is none. Two runs may do it at once. */
export async function createLedger(client: ClientBase): Promise<void> {
  if (await hasLedger(client)) return;
  await client.query(LEDGER_SQL);
}

/**
 * The entries of targets that are not where `state` says all should be, by target; what is where it should be is not in it. One query,
 * however many there are.
 *
 * @param targets - the schemas that should be there, or {@link DATABASE} alone
 */
export async function readLedger(
  client: ClientBase,
  targets: readonly string[],
  state: string,
): Promise<{
  readonly behind: ReadonlyMap<string, readonly LedgerEntry[]>;
  /** Those that are not there. */
  readonly missing: ReadonlySet<string>;
  /** Those that are others than the ones to which something was applied. */
  readonly remade: ReadonlySet<string>;
}> {
  if (!(await hasLedger(client))) return withoutLedger(client, targets);
  const rows = await ask<'target' | 'name' | 'checksum' | 'done' | 'flags' | 'failure'>(
    client,
    `
      with own as (select ${KEY} as key), ledger as (
        select l.target, ${STATE} as state,
          bool_or((applied_at is not null or done > 0) and starts_with(incarnation, key) and incarnation <> key || n.oid) as remade
        from ${LEDGER} l cross join own left join pg_namespace n on n.nspname = l.target group by l.target
      )
      select wanted.target, m.name, m.checksum, m.done, m.failure,
        concat(case when m.applied_at is not null then 'applied ' end, case when m.begun then 'begun ' end,
          case when wanted.target <> '' and n.oid is null then 'missing ' end, case when ledger.remade then 'remade' end) as flags
      from unnest($1::text[]) wanted (target)
        left join pg_namespace n on n.nspname = wanted.target
        left join ledger on ledger.target = wanted.target
        left join ${LEDGER} m on m.target = wanted.target
      where ledger.state is distinct from $2 or (wanted.target <> '' and n.oid is null) or ledger.remade
      order by wanted.target, m.name`,
    [targets, state],
  );
  const behind = new Map<string, LedgerEntry[]>();
  const [missing, remade] = [new Set<string>(), new Set<string>()];
  for (const { target, name, checksum, done, flags, failure } of rows) {
    const entries = behind.get(target as string) ?? [];
    behind.set(target as string, entries);
    if (flags?.includes('missing')) missing.add(target as string);
    if (flags?.includes('remade')) remade.add(target as string);
    if (name === null) continue;
    const [isApplied, isBegun] = [flags?.includes('applied') === true, flags?.includes('begun') === true];
    entries.push({ name, checksum: checksum as string, done: Number(done), isApplied, isBegun, failure });
  }
  return { behind, missing, remade };
}

async function withoutLedger(client: ClientBase, targets: readonly string[]) {
  const rows = await ask<'target'>(
    client,
    `select target from unnest($1::text[]) target where target <> '' and not exists (select from pg_namespace where nspname = target)`,
    [targets],
  );
  return {
    behind: new Map(targets.map((target) => [target, []])),
    missing: new Set(rows.map(({ target }) => target as string)),
    remade: new Set<string>(),
  };
}

/** The migrations that are applied to one target, as one value: equal where, and only where, the same migrations are, and none is half done. */
const STATE = `md5(string_agg(format('%s:%s:%s:%s', name, checksum, applied_at is not null, failure is null), ',' order by name)
  filter (where applied_at is not null or done > 0 or begun))`;

const EXPECTED = `select ${STATE} as state from (
      select m.name collate "C" as name, m.checksum, now() as applied_at, null::text as failure, 1 as done, false as begun
      from unnest($1::text[], $2::text[]) m (name, checksum)) m`;

const parametersOf = (migrations: readonly Migration[]) => [
  migrations.map(({ name }) => name),
  migrations.map(({ checksum }) => checksum),
];

/** {@link STATE} of a target that has all of `migrations`. */
export async function stateOf(client: ClientBase, migrations: readonly Migration[]): Promise<string> {
  const rows = await ask<'state'>(client, EXPECTED, parametersOf(migrations));
  return rows[0]?.state ?? '';
}

/** SQLSTATEs, by how they begin, of a ledger that is not there, or cannot be read. */
const UNREADABLE = '42';

/**
 * True where the ledger says that the database itself has all of `migrations`, by one query and without a lock: what it says so of is
 * committed, and nobody is at it any more. False where there is something to do, or to find out.
 */
export async function isCurrent(client: ClientBase, migrations: readonly Migration[]): Promise<boolean> {
  try {
    return await isTrue(
      client,
      `select (select ${STATE} from ${LEDGER} where target = '${DATABASE}') is not distinct from (${EXPECTED}) as answer`,
      parametersOf(migrations),
    );
  } catch (error) {
    if ((error as { readonly code?: string }).code?.startsWith(UNREADABLE)) return false;
    throw error;
  }
}

/** A statement that writes down how far a migration is in a target. */
export function recorded(
  target: string,
  { name, checksum, steps }: Migration,
  done: number,
  { begun = false, failure = null }: { readonly begun?: boolean; readonly failure?: string | null } = {},
): string {
  const isApplied = done === steps.length;
  const incarnation =
    target === DATABASE ? 'null' : `(select ${KEY} || oid from pg_namespace where nspname = ${quoteLiteral(target)})`;
  return (
    `insert into ${LEDGER} as m (target, name, checksum, done, begun, failure, applied_at, incarnation) values ` +
    `(${[target, name, checksum].map(quoteLiteral).join(', ')}, ${done}, ${begun}, ` +
    `${failure === null ? 'null' : quoteLiteral(failure)}, ${isApplied ? 'clock_timestamp()' : 'null'}, ${incarnation}) ` +
    'on conflict (target, name) do update set checksum = excluded.checksum, done = excluded.done, begun = excluded.begun, ' +
    'failure = excluded.failure, applied_at = excluded.applied_at, incarnation = excluded.incarnation'
  );
}

/** Takes the texts of `migrations` for those that were applied, as whoever changed them says. */
export async function acceptEdited(
  client: ClientBase,
  targets: readonly string[],
  migrations: readonly Migration[],
): Promise<void> {
  await client.query(
    `update ${LEDGER} m set checksum = accepted.checksum from unnest($2::text[], $3::text[]) accepted (name, checksum)
     where m.name = accepted.name and m.target = any ($1) and (m.applied_at is not null or m.done > 0)`,
    [targets, migrations.map(({ name }) => name), migrations.map(({ checksum }) => checksum)],
  );
}

/**
 * A block that fails where another run is at this target, or was since the ledger was read: what is decided on is no longer true then
 * (O18). It takes the target's lock for the transaction, without waiting.
 *
 * @param entries - what the ledger said
 * @param schema - the schema that must be there
 */
export function guard(target: string, entries: readonly LedgerEntry[], schema: string | null): string {
  const seen = entries.map(({ name, done, isBegun }) => `${name}:${done}:${isBegun}`).join(',');
  return doBlock(`
    begin
      if not pg_try_advisory_xact_lock(${lockKey(target)}) then
        raise exception using errcode = '${AT_WORK}', message = 'another run is at this target';
      end if;
      if coalesce((select string_agg(format('%s:%s:%s', name, done, begun::text), ',' order by name) from ${LEDGER}
          where target = ${quoteLiteral(target)}), '') <> ${quoteLiteral(seen)} then
        raise exception using errcode = '${CHANGED}', message = 'another run has been at this target';
      end if;
      ${
        schema === null
          ? ''
          : `if to_regnamespace(${quoteLiteral(`"${schema.replaceAll('"', '""')}"`)}) is null then
        raise exception using errcode = '${GONE}', message = 'the schema is gone';
      end if;`
      }
    end`);
}

/** SQLSTATEs of the guard. */
export const AT_WORK = 'TNY01';
export const CHANGED = 'TNY02';
export const GONE = 'TNY03';

/** The key of a target's advisory lock: one in a transaction and one of a session keep each other out. */
export function lockKey(target: string): string {
  return `hashtextextended(${quoteLiteral(`${LEDGER} ${target}`)}, 1)`;
}

/** The key of the lock of a whole run on this database. */
export const RUN_KEY = `hashtextextended('${LEDGER}', 0)`;

/** Why a schema is lost of which the ledger says what was applied to it: it is gone, or another one has its name. */
export function lossOf(target: string, isRemade: boolean): string {
  const where = `from ${LEDGER} where target = ${quoteLiteral(target)}`;
  return isRemade
    ? `the schema is another one than that to which the ledger's migrations were applied: it was dropped and made anew. Restore it and say so (\`update ${LEDGER} set incarnation = null where target = ${quoteLiteral(target)}\`), or let all be applied anew (\`delete ${where}\`).`
    : 'the ledger says what was applied to this schema, and it is gone: there is no such schema any more. It was dropped or renamed: restore it, or take the tenant out of the list.';
}
