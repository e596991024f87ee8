import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase, DatabaseError } from 'pg';
import { BLOCKER, type Blocker } from '../../direct/blockers.js';
import { quoteQualified } from '../../policies/quoting.js';
import { AS_TEXT } from '../../protocol/as-text.js';
import { readJson } from '../../protocol/read-json.js';
import { type FenceNames, fenceNames, SCHEMA } from './fence-names.js';
import {
  dropSchema,
  type FencedTable,
  makeSchema,
  putTriggers,
  type TriggerKind,
  takeTriggers,
} from './fence-triggers.js';
import { checkInterrupted, type LockPatience } from './with-lock.js';

/** The SQLSTATE of a write to a tenant that is fenced. */
export const FENCED = 'TNY10';

/** Milliseconds between two looks at what is under way. */
const SETTLE_MILLIS = 20;

/** Writers of some tables, with the moment since which the statement runs; null where it is none or this role may not know, and then its transaction counts. */
const UNDER_WAY = `select distinct l.virtualtransaction as locker, a.query_start::text as since
  from pg_locks l left join pg_stat_activity a on a.pid = l.pid and a.state is not null
  where l.locktype = 'relation' and l.granted and l.mode = 'RowExclusiveLock' and l.pid <> pg_backend_pid()
    and l.database = (select oid from pg_database where datname = current_database())
    and l.relation in (select t from unnest($1::regclass[]) t union select p.relid from unnest($1::regclass[]) t, pg_partition_tree(t) p)
    and a.state is distinct from 'idle in transaction' and a.state is distinct from 'idle in transaction (aborted)'`;

/** Options of {@link Fence}. */
export interface FenceOptions extends Partial<LockPatience> {
  /** A connection by the role that owns the tables, which the fence has to itself: the lock is its session's. */
  readonly client: ClientBase;
  readonly tenant: string;
  /** As `tenantTables` finds them. */
  readonly tables: readonly FencedTable[];
}

/**
 * Keeps everybody from writing to a tenant's rows in one place, by triggers that raise `TNY10`: also transactions with an old snapshot, and no
 * write is lost without a word as it would be by a policy (O34). It is a lock that each writer shares for its transaction. Who wants it
 * alone waits for those that have it, which is the drain, and while it waits nobody new gets it.
 */
export class Fence {
  readonly #client: ClientBase;
  readonly #tenant: string;
  readonly #tables: readonly FencedTable[];
  readonly #names: FenceNames;
  readonly #patience: LockPatience;
  readonly #kind: TriggerKind;
  #isClosed = false;

  constructor({ client, tenant, tables, lockTimeoutMillis = 100, lockPatienceMillis = 60_000, signal }: FenceOptions) {
    this.#client = client;
    this.#tenant = tenant;
    this.#tables = tables;
    this.#names = fenceNames(tenant);
    this.#patience = { lockTimeoutMillis, lockPatienceMillis, signal };
    const { fence } = this.#names;
    this.#kind = { kind: 'fence', when: 'before', function: fence, call: () => `${fence}()` };
  }

  /** Puts the triggers there; everybody goes on. One that was sealed is opened. It may run again. */
  async install(): Promise<void> {
    await makeSchema(this.#client);
    await this.#define(false);
    await putTriggers(this.#client, this.#names, this.#tenant, this.#tables, this.#kind, this.#patience);
  }

  /**
   * Closes it, once all transactions have ended that have written to the tenant's rows.
   *
   * @returns false where that takes longer than `longestStopMillis`: it gave way, and writers go on
   */
  async close(longestStopMillis: number): Promise<boolean> {
    const client = this.#client;
    try {
      await client.query(`begin; set local lock_timeout = ${Math.max(1, Math.round(longestStopMillis))}`);
      await client.query(`select pg_advisory_lock(${this.#names.key})`);
      await client.query('commit');
      this.#isClosed = true;
      return true;
    } catch (error) {
      await client.query('rollback').catch(() => {});
      if ((error as DatabaseError).code === '55P03') return false;
      throw error;
    }
  }

  /** Lets writers in again, after {@link close}. */
  async open(): Promise<void> {
    if (!this.#isClosed) return;
    this.#isClosed = false;
    await this.#client.query(`select pg_advisory_unlock(${this.#names.key})`);
  }

  /** Closes it for good: also when nobody holds the lock any more. */
  async seal(): Promise<void> {
    await this.#define(true);
  }

  /**
   * Waits, without standing in anybody's way, for the statements that were under way when it was sealed: they may not have heard of it, so that the
   * lock is to be kept until then.
   */
  async settle(): Promise<void> {
    const tables = this.#tables.map(quoteQualified);
    const sealed = await readJson<{ locker: string; since: string | null }>(this.#client, UNDER_WAY, [tables]);
    for (let left = sealed; left.length > 0; await sleep(SETTLE_MILLIS)) {
      checkInterrupted(this.#patience.signal);
      const now = await readJson<{ locker: string; since: string | null }>(this.#client, UNDER_WAY, [tables]);
      left = left.filter(({ locker, since }) => now.some((other) => other.locker === locker && other.since === since));
    }
  }

  /** Transactions that have written to the tenant's rows and are open. */
  async holders(): Promise<readonly Blocker[]> {
    return readJson<Blocker>(
      this.#client,
      `select distinct ${BLOCKER} from pg_locks l join pg_stat_activity a using (pid), (select ${this.#names.key} as key) k
        where l.locktype = 'advisory' and l.granted and l.objsubid = 1 and l.pid <> pg_backend_pid()
          and l.database = (select oid from pg_database where datname = current_database())
          and (l.classid::bigint << 32) | l.objid::bigint = k.key`,
    );
  }

  /** The statement that lets a transaction of the owner's own through, such as the deletion of the rows. */
  get passing(): string {
    return this.#names.pass;
  }

  /** Takes everything away that {@link install} made, also on tables that the tenant has no more. */
  async remove(): Promise<void> {
    await takeTriggers(this.#client, this.#names.fence, this.#patience);
    await this.open();
    await dropSchema(this.#client);
  }

  /** True where the tenant has a fence in the database of `client`, whoever left it. */
  static async isThere(client: ClientBase, tenant: string): Promise<boolean> {
    const { rows } = await client.query<{ there: string }>({
      text: 'select to_regprocedure($1) is not null as there',
      values: [`${fenceNames(tenant).fence}()`],
      types: AS_TEXT,
    });
    return rows[0]?.there === 't';
  }

  async #define(isSealed: boolean): Promise<void> {
    const { fence, id, key } = this.#names;
    const isClosed = isSealed ? 'true' : `not pg_try_advisory_xact_lock_shared(${key})`;
    await this.#client.query(`create or replace function ${fence}() returns trigger language plpgsql set search_path = pg_catalog as $fence$
      begin
        if current_setting('tenancy.fence_pass', true) is distinct from '${id}' and ${isClosed} then
          raise exception using errcode = '${FENCED}',
            message = 'tenant_fenced: this tenant is being moved or deleted, and nothing is written here any more',
            hint = 'Find out where the tenant is, and run the transaction again there.';
        end if;
        if tg_op = 'DELETE' then return old; end if;
        return new;
      end $fence$; comment on function ${fence}() is 'made by @tenancy in the schema ${SCHEMA}'`);
  }
}

/** True for a write that was refused since its tenant is being moved or deleted: the transaction may run again, where the tenant is then. */
export function isTenantFenced(error: unknown): boolean {
  return (error as Partial<DatabaseError> | null)?.code === FENCED;
}
