import { TenantContext } from '../../context/tenant-context.js';
import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { tableName } from '../../table-name.js';
import { isTenantPool } from '../../tenant-pool.js';
import type { Delivery, Drained, OutboxEvent, OutboxStore } from './outbox-event.js';
import { OUTBOX_TABLE } from './outbox-table.js';
import { pauseAfter } from './pause-after.js';
import { statementIn } from './statement-in.js';

/** Options of {@link postgresOutbox}. */
export interface PostgresOutboxOptions {
  /** The pool of `createTenantPool` (@tenancy/postgres): the database holds each tenant to its own events. */
  readonly pool: object;
  /**
   * The table that {@link outboxTableSql} made.
   * @defaultValue `'outbox_event'`
   */
  readonly table?: string | undefined;
}

interface Client {
  query(sql: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly Row[] }>;
  release(error?: boolean): void;
}

interface Row extends Omit<OutboxEvent, 'data' | 'options'> {
  readonly data: string;
  readonly options: string;
  readonly attempts: number;
  readonly first: boolean;
}

/** Events in one transaction of the relay: they stay locked while they are delivered. */
const BATCH = 100;

/**
 * An outbox in a table of the tenants', under the floor of @tenancy/postgres.
 *
 * @throws `tenancy_misconfigured` for a pool that knows of no tenants.
 */
export function postgresOutbox(options: PostgresOutboxOptions): OutboxStore {
  refuseUnknown('postgresOutbox', options, ['pool', 'table']);
  const { pool, table: named = OUTBOX_TABLE } = options;
  if (!isTenantPool(pool)) {
    throw new TenancyConfigurationError(
      'postgresOutbox.pool',
      'is no pool of `createTenantPool`',
      "Pass that of @tenancy/postgres: through any other each tenant would find everybody's events.",
    );
  }
  const connect = () => (pool as unknown as { connect(): Promise<Client> }).connect();
  const table = tableName('TenantOutbox.table', named);
  const context = new TenantContext();
  // Those of one tenant go one after the other: whoever does not get the first one leaves all to who has it.
  const take =
    `select id, queue, name, data::text as data, options::text as options, attempts, sequence = ` +
    `(select min(sequence) from ${table} where due_at <= now()) as first ` +
    `from ${table} where due_at <= now() order by sequence limit ${BATCH} for update skip locked`;
  const insert =
    `insert into ${table} (id, tenant_id, queue, name, data, options) ` +
    `values ($1::uuid, $2, $3, $4, $5::json, $6::json)`;
  const fail =
    `update ${table} set attempts = attempts + 1, failure = $2, ` +
    `due_at = now() + make_interval(secs => $3) where id = $1::uuid`;

  return {
    async insert(transaction, { id, queue, name, data, options: given }) {
      const send = statementIn(transaction);
      await send(insert, [id, context.tenantId, queue, name, JSON.stringify(data ?? null), JSON.stringify(given)]);
    },

    async drain(deliver) {
      const client = await connect();
      let broken = true;
      try {
        await client.query('begin');
        const { rows } = await client.query(take);
        const drained = rows[0]?.first ? await delivered(rows, deliver) : nothing;
        const gone = drained.delivered;
        if (gone.length > 0) await client.query(`delete from ${table} where id = any($1::uuid[])`, [gone]);
        for (const { id, attempts, error } of drained.failed) {
          await client.query(fail, [id, told(error), pauseAfter(attempts)]);
        }
        await client.query('commit');
        broken = false;
        return drained;
      } finally {
        // What was begun and not committed is rolled back with the connection.
        client.release(broken);
      }
    },
  };
}

const nothing: Drained = { delivered: [], failed: [], more: false };

async function delivered(rows: readonly Row[], deliver: Delivery): Promise<Drained> {
  const done: string[] = [];
  for (const { attempts, first: _, ...row } of rows) {
    try {
      await deliver({ ...row, data: JSON.parse(row.data), options: JSON.parse(row.options) });
      done.push(row.id);
    } catch (error) {
      // The next ones would most likely fail the same way, and later: a queue that is away is waited for once.
      return {
        delivered: done,
        failed: [{ id: row.id, attempts: attempts + 1, error }],
        more: rows.length > done.length + 1,
      };
    }
  }
  return { delivered: done, failed: [], more: rows.length === BATCH };
}

const told = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll('\0', '').slice(0, 1000);
