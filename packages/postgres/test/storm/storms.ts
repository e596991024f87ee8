import type { Tenant } from '@tenancy/core';
import type { PoolConfig } from 'pg';
import { program, startPgBouncer } from '../pgbouncer/pgbouncer.js';
import type { Arena } from './arena.js';
import { openRelay } from './relay.js';
import { checkedOut, type Subject } from './subject.js';

/** A storm: it begins while callers go on asking, and can be stopped. */
export interface Weather {
  readonly url: string;
  /** Called once the pool has made its start-up checks, which need a while in peace. */
  rage(): void;
  readonly options?: PoolConfig;
  stop(): Promise<void>;
}

export interface Storm {
  readonly name: string;
  /** Why it cannot be had here. */
  readonly missing?: string | undefined;
  readonly callers?: number;
  begin(arena: Arena, random: () => number): Promise<Weather>;
  /** One more thing that a caller does, beside its queries: whether what it saw was its own. */
  readonly work?: (subject: Subject, tenant: Tenant, random: () => number) => Promise<boolean>;
}

const calm = ({ url }: Arena): Weather => ({ url, rage: () => {}, stop: async () => {} });

/** Does it again and again, each time as soon as the last has ended. */
function often({ url }: Arena, milliseconds: number, strike: () => Promise<unknown>): Weather {
  let isOver = false;
  let strikes: Promise<void> | undefined;
  const rage = async () => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      // Its own connection dies in a restart, too.
      await strike().catch(() => {});
    }
  };
  return {
    url,
    rage: () => {
      strikes = rage();
    },
    stop: async () => {
      isOver = true;
      await strikes;
    },
  };
}

const signal = (name: 'pg_terminate_backend' | 'pg_cancel_backend') => async (arena: Arena) =>
  often(arena, 20, () =>
    arena.outside.query(
      `select ${name}(pid) from pg_stat_activity where backend_type = 'client backend' and datname = current_database()
         and pid <> pg_backend_pid() and application_name = 'storm'`,
    ),
  );

/** The server starts again, as it does after a crash: one of its processes is killed. */
const restart = async (arena: Arena) =>
  often(arena, 700, async () => {
    const { rows } = await arena.outside.query('select pg_backend_pid() as pid');
    process.kill(rows[0].pid as number, 'SIGKILL');
  });

export const storms: readonly Storm[] = [
  {
    name: 'pgbouncer',
    missing: program ? undefined : 'PgBouncer is not installed: apt-get install pgbouncer, or brew install pgbouncer',
    callers: 24,
    begin: async (arena) => {
      const bouncer = await startPgBouncer(arena.url, 'transaction', 3);
      return { url: bouncer.url, options: { max: 24 }, rage: () => {}, stop: () => bouncer.stop() };
    },
  },
  { name: 'terminate', begin: signal('pg_terminate_backend') },
  { name: 'cancel', begin: signal('pg_cancel_backend') },
  { name: 'restart', begin: restart },
  {
    name: 'cut',
    begin: (arena, random) => openRelay(arena.url, 'cut', () => 500 + Math.floor(random() * 20_000)),
  },
  {
    name: 'silence',
    begin: async (arena, random) => ({
      ...(await openRelay(arena.url, 'silence', () => 3_000 + Math.floor(random() * 200_000))),
      options: { query_timeout: 300, connectionTimeoutMillis: 2_000 },
    }),
  },
  {
    name: 'timeout',
    begin: async (arena) => ({ ...calm(arena), options: { statement_timeout: 100 } }),
    work: async (subject, tenant, random) => {
      await subject.pool.query('select pg_sleep($1)', [random() * 0.2]);
      return subject.jobs(subject.pool, tenant);
    },
  },
  {
    name: 'release',
    begin: async (arena) => calm(arena),
    work: async (subject, tenant) => {
      const client = await subject.pool.connect();
      const cutOff = subject.jobs(client, tenant).catch(() => true);
      client.release(true);
      return cutOff;
    },
  },
  {
    name: 'session',
    begin: async (arena) => calm(arena),
    work: async (subject, tenant, random) => {
      const isMine = (value: unknown) => value === null || value === '' || value === tenant.id;
      const step = Math.floor(random() * 4);
      if (step === 0) await subject.pool.query('select app_login($1)', [tenant.id]);
      if (step === 1) await subject.pool.query('select hold()').catch(() => {});
      if (step === 2) {
        const { rows } = await subject.pool.query("select current_setting('app.user_id', true) as who");
        return isMine(rows[0]?.who);
      }
      return checkedOut(subject, async (client) => {
        const { rows } = await client.query('fetch 1 from held').catch(() => ({ rows: [] }));
        return rows.every(({ tenant_id }) => isMine(tenant_id));
      });
    },
  },
];
