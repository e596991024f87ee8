import type { TenantPool } from '@tenancy/postgres';
import mysql from 'mysql2';
import { createPool } from 'mysql2/promise';
import pg from 'pg';
import { openFloor } from '../floor.js';
import {
  context,
  inHandler,
  lazily,
  type Row,
  type Seen,
  type Start,
  type Subject,
  seen,
  tenantOf,
  type Verdict,
  Waiting,
} from '../row.js';
import { urlOf } from '../services.js';
import { tenants } from '../tenants.js';

const ENTERS = '`pg`: `LISTEN` at start, which enters the tenant that the message names';

function postgres({ later }: Start, max = 1): pg.Pool {
  const pool = new pg.Pool({ connectionString: urlOf('PostgreSQL'), max });
  later(() => pool.end());
  return pool;
}

const viaPg = (what: string, verdict: Verdict, call: (pool: pg.Pool) => Promise<Seen>, extra: Pick<Row, 'fix'> = {}) =>
  inHandler(
    what,
    verdict,
    (start) => {
      const pool = postgres(start);
      return () => call(pool);
    },
    extra,
  );

/** One connection for everybody, connected in the request that first needs it. */
const viaClient = (
  what: string,
  verdict: Verdict,
  call: (client: pg.Client) => Promise<Seen>,
  extra: Pick<Row, 'fix'> = {},
) =>
  inHandler(
    what,
    verdict,
    (start) => {
      const connect = lazily(async () => {
        const client = new pg.Client({ connectionString: urlOf('PostgreSQL') });
        await client.connect();
        start.later(() => client.end());
        return client;
      });
      return async () => call(await connect());
    },
    extra,
  );

const throughFloor = (what: string, call: (pool: TenantPool) => Promise<Seen>): Row =>
  inHandler(what, 'right', async ({ later }) => {
    const { pool, stop } = await openFloor(tenants, 1);
    later(stop);
    return () => call(pool);
  });

let channels = 0;

const listening = (
  what: string,
  verdict: Verdict,
  made: 'at start' | 'in a request',
  heard: (message: { tenant: string }, answer: () => void) => void = (_, answer) => answer(),
  extra: Pick<Row, 'fix'> = { fix: ENTERS },
): Row =>
  inHandler(
    what,
    verdict,
    async (start) => {
      const channel = `census_${process.pid}_${channels++}`;
      const waiting = new Waiting();
      const pool = postgres(start, 3);
      const listen = lazily(async () => {
        const client = new pg.Client({ connectionString: urlOf('PostgreSQL') });
        await client.connect();
        start.later(() => client.end());
        client.on('notification', ({ payload = '' }) => {
          const message = JSON.parse(payload) as { id: number; tenant: string };
          heard(message, () => waiting.answer(message.id));
        });
        await client.query(`listen ${channel}`);
      });
      if (made === 'at start') await listen();
      return async () => {
        await listen();
        return waiting.ask((id) =>
          pool.query('select pg_notify($1, $2)', [channel, JSON.stringify({ id, tenant: context.tenantId })]),
        );
      };
    },
    extra,
  );

const maria = (
  what: string,
  verdict: Verdict,
  call: (pool: mysql.Pool) => Promise<Seen>,
  extra: Pick<Row, 'fix'> = {},
) =>
  inHandler(
    what,
    verdict,
    (start) => {
      const pool = mysql.createPool({ uri: urlOf('MariaDB'), connectionLimit: 1 });
      start.later(() => new Promise<void>((resolve) => pool.end(() => resolve())));
      return () => call(pool);
    },
    { needs: 'MariaDB', ...extra },
  );

export const databases: Subject = {
  about: 'Databases',
  rows: [
    viaPg('`pg`: `await pool.query(…)`', 'right', async (pool) => {
      await pool.query('select 1');
      return seen();
    }),
    viaPg('`pg`: `await pool.connect()`, queries, `release`', 'right', async (pool) => {
      const client = await pool.connect();
      try {
        await client.query('select 1');
        return seen();
      } finally {
        client.release();
      }
    }),
    viaPg(
      '`pg`: the callback of `pool.query`',
      "another's",
      (pool) => new Promise((resolve) => pool.query('select 1', () => resolve(seen()))),
      { fix: '`pg`: a bound callback of `pool.query`' },
    ),
    viaPg(
      '`pg`: a bound callback of `pool.query`',
      'right',
      (pool) =>
        new Promise((resolve) =>
          pool.query(
            'select 1',
            context.bind(() => resolve(seen())),
          ),
        ),
    ),
    throughFloor(
      'a pool of `@tenancy/postgres`: what a promise or a callback of `query` does',
      (pool) =>
        new Promise((resolve, reject) =>
          pool.query('select 1', (error: unknown) => (error ? reject(error) : resolve(seen()))),
        ),
    ),
    throughFloor(
      'a pool of `@tenancy/postgres`: what a callback of `connect` does',
      (pool) =>
        new Promise((resolve, reject) =>
          pool.connect((error, _, release) => {
            release?.();
            if (error) reject(error);
            else resolve(seen());
          }),
        ),
    ),
    viaClient('`pg`: `await client.query(…)` of a shared client', 'right', async (client) => {
      await client.query('select 1');
      return seen();
    }),
    viaClient(
      "`pg`: the callback of a shared client's `query`",
      "another's",
      (client) => new Promise((resolve) => client.query('select 1', () => resolve(seen()))),
      { fix: "`pg`: a bound callback of a shared client's `query`" },
    ),
    viaClient(
      "`pg`: a bound callback of a shared client's `query`",
      'right',
      (client) =>
        new Promise((resolve) =>
          client.query(
            'select 1',
            context.bind(() => resolve(seen())),
          ),
        ),
    ),
    listening('`pg`: `LISTEN` in a request', "another's", 'in a request'),
    listening('`pg`: `LISTEN` at start', 'none', 'at start'),
    listening(ENTERS, 'right', 'at start', ({ tenant }, answer) => context.run(tenantOf(tenant), answer), {}),
    inHandler(
      '`mysql2/promise`',
      'right',
      (start) => {
        const pool = createPool({ uri: urlOf('MariaDB'), connectionLimit: 1 });
        start.later(() => pool.end());
        return async () => {
          await pool.query('select 1');
          await pool.execute('select 1');
          return seen();
        };
      },
      { needs: 'MariaDB' },
    ),
    maria(
      '`mysql2`: callbacks',
      "another's",
      (pool) => new Promise((resolve) => pool.query('select 1', () => resolve(seen()))),
      { fix: '`mysql2`: bound callbacks' },
    ),
    maria(
      '`mysql2`: bound callbacks',
      'right',
      (pool) =>
        new Promise((resolve) =>
          pool.query(
            'select 1',
            context.bind(() => resolve(seen())),
          ),
        ),
    ),
    maria(
      '`mysql2`: rows as events',
      "another's",
      (pool) => new Promise((resolve) => pool.query('select 1').on('end', () => resolve(seen()))),
      { fix: '`mysql2`: rows as events, with bound listeners' },
    ),
    maria(
      '`mysql2`: rows as events, with bound listeners',
      'right',
      (pool) =>
        new Promise((resolve) =>
          pool.query('select 1').on(
            'end',
            context.bind(() => resolve(seen())),
          ),
        ),
    ),
  ],
};
