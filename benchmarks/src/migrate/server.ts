import { readdirSync, readFileSync } from 'node:fs';
import { createDatabase, type PostgresServer, startPostgres } from '@tenancy/testing/postgres';
import pg from 'pg';
import type { Fleet } from './ways.js';

/** A throw-away server that has nothing else to do. */
export class MigrateServer {
  private constructor(
    private readonly server: PostgresServer,
    private readonly postmaster: number,
  ) {}

  static async start(): Promise<MigrateServer> {
    const server = await startPostgres({ settings: { autovacuum: 'off', max_locks_per_transaction: '256' } });
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const { rows } = await client.query<{ directory: string }>(`select current_setting('data_directory') as directory`);
    await client.end();
    const pid = Number(readFileSync(`${rows[0]?.directory}/postmaster.pid`, 'utf8').split('\n')[0]);
    return new MigrateServer(server, pid);
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** A database with `count` schemas, which `prepare` has been at. */
  async fleet<Result>(
    count: number,
    prepare: (fleet: Fleet) => Promise<unknown>,
    use: (fleet: Fleet) => Promise<Result>,
  ) {
    const database = await createDatabase(this.server.url);
    const schemas = Array.from({ length: count }, (_, index) => `t${index}`);
    try {
      const fleet = { url: database.url, schemas };
      await prepare(fleet);
      return await use(fleet);
    } finally {
      await database.stop();
    }
  }

  /** As many databases, which are named like schemas. */
  async databases<Result>(count: number, use: (fleet: Fleet) => Promise<Result>): Promise<Result> {
    const client = new pg.Client({ connectionString: this.server.url });
    await client.connect();
    const schemas = Array.from({ length: count }, (_, index) => `of_tenant_${index}`);
    try {
      for (const name of schemas) await client.query(`create database ${name}`);
      return await use({ url: this.server.url, schemas });
    } finally {
      for (const name of schemas) await client.query(`drop database if exists ${name} with (force)`);
      await client.end();
    }
  }

  /** CPU seconds of the server: of its processes, and of those that have ended. Null where the system does not tell. */
  cpuSeconds(): number | null {
    try {
      const ticks = readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((name) => stat(name))
        .filter((process) => process !== null)
        .map(({ pid, parent, own, ended }) =>
          pid === this.postmaster ? own + ended : parent === this.postmaster ? own : 0,
        );
      return ticks.reduce((sum, one) => sum + one, 0) / 100;
    } catch {
      return null;
    }
  }
}

function stat(pid: string) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const at = (index: number) => fields[index - 3] ?? 0;
    return { pid: Number(pid), parent: at(4), own: at(14) + at(15), ended: at(16) + at(17) };
  } catch {
    return null;
  }
}
