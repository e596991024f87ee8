import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type pgModule from 'pg';
import type { Client } from 'pg';
import type { ResolvedOptions } from '../fuzzed/fuzz-options.js';
import { misuse } from '../fuzzed/isolation-fuzz-error.js';
import { type Catalog, quoted, readCatalog } from './catalog.js';
import { CopiedDatabase } from './copied-database.js';
import { Ownership } from './ownership.js';
import { plant } from './plant.js';

/** Everybody's rows together, with some references across tenants, and each tenant's alone. */
export interface Copies {
  readonly together: CopiedDatabase;
  /** By the tenant's id. */
  readonly alone: ReadonlyMap<string, CopiedDatabase>;
  readonly ownership: Ownership;
  /** Ends the connections and drops the copies. */
  stop(): Promise<void>;
}

const IN_USE = '55006';
const TIMEOUT_MS = 2_000;

/** @throws `fuzz_misuse` when the database cannot be copied, or has no rows of one of the tenants. */
export async function copyDatabase(pg: typeof pgModule, options: ResolvedOptions): Promise<Copies> {
  const { url, tenants, tenantColumn } = options;
  const catalog = await examine(pg, options);
  const server = await connectToServer(pg, url);
  const opened: Client[] = [];
  const created: string[] = [];
  const stop = async () => {
    await Promise.all(opened.map((client) => client.end()));
    for (const name of created.reverse()) await server.query(`drop database if exists ${name} with (force)`);
    await server.end();
  };
  const copy = async (template: string) => {
    const name = `tenancy_oracle_${randomBytes(8).toString('hex')}`;
    await copyOnce(server, name, template);
    created.push(name);
    return name;
  };
  const open = async (name: string) => {
    const client = await connect(pg, withDatabase(url, name));
    opened.push(client);
    await client.query('set session_replication_role = replica');
    return client;
  };
  try {
    const together = await copy(new pg.Client({ connectionString: url }).database ?? '');
    const planting = await open(together);
    const ownership = new Ownership(catalog, tenantColumn);
    const tenantIds = tenants.map(({ id }) => id);
    const rows = await rowsOf(planting, catalog);
    await planting.query('begin');
    await plant(planting, catalog, { tenantColumn, tenantIds, rows, ownership });
    await planting.query('commit');
    await planting.end();
    const alone = new Map<string, CopiedDatabase>();
    for (const id of tenantIds) {
      const name = await copy(together);
      const client = await open(name);
      await leaveOnly(client, id, catalog, ownership, tenantColumn);
      alone.set(id, await kept(withDatabase(url, name), client, catalog));
    }
    return { together: await kept(withDatabase(url, together), await open(together), catalog), alone, ownership, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function kept(url: string, client: Client, catalog: Catalog): Promise<CopiedDatabase> {
  const database = new CopiedDatabase(url, client, catalog);
  await database.keep();
  return database;
}

async function rowsOf(client: Client, { tables }: Catalog) {
  const rows = new Map<string, Record<string, unknown>[]>();
  for (const { name } of tables) {
    const { rows: all } = await client.query<{ r: Record<string, unknown> }>(
      `select to_jsonb(t) as r from ${name} t order by to_jsonb(t)::text collate "C"`,
    );
    rows.set(
      name,
      all.map(({ r }) => r),
    );
  }
  return rows;
}

async function leaveOnly(
  client: Client,
  tenantId: string,
  catalog: Catalog,
  ownership: Ownership,
  tenantColumn: string,
): Promise<void> {
  const others = ownership.part(await rowsOf(client, catalog), tenantId, false);
  for (const { name, hasTenant } of catalog.tables) {
    if (hasTenant) await client.query(`delete from ${name} where ${quoted(tenantColumn)}::text <> $1`, [tenantId]);
    else if ((others.get(name) ?? []).length > 0) {
      await client.query(`delete from ${name} t where to_jsonb(t) = any($1::jsonb[])`, [
        (others.get(name) ?? []).map((row) => JSON.stringify(row)),
      ]);
    }
  }
}

async function examine(pg: typeof pgModule, { url, tenants, tenantColumn }: ResolvedOptions): Promise<Catalog> {
  const client = await connect(pg, url);
  try {
    const { rows } = await client.query<{ rolsuper: boolean }>(
      'select rolsuper from pg_roles where rolname = current_user',
    );
    if (rows[0]?.rolsuper !== true) {
      throw misuse(
        'the role of `url` is no superuser, and rows cannot be planted and put back past constraints without one. ' +
          "Pass a superuser's URL, of a test's server: `postgresFromEnvironment()` of @tenancy/testing/postgres starts one.",
      );
    }
    const catalog = await readCatalog(client, tenantColumn);
    const owned = catalog.tables.filter(({ hasTenant }) => hasTenant);
    if (owned.length === 0) {
      throw misuse(`no table of the database has the column ${tenantColumn}. Pass its SQL name as \`tenantColumn\`.`);
    }
    const counts = owned.map(
      ({ name }) => `select count(*)::int as n from ${name} where ${quoted(tenantColumn)}::text = $1`,
    );
    for (const { id } of tenants) {
      const { rows: found } = await client.query<{ n: number }>(counts.join(' union all '), [id]);
      if (found.every(({ n }) => n === 0)) {
        throw misuse(`the tenant ${id} has no rows in the database. Insert some for each tenant before the fuzzing.`);
      }
    }
    return catalog;
  } finally {
    await client.end();
  }
}

async function copyOnce(server: Client, name: string, template: string): Promise<void> {
  for (const end = Date.now() + TIMEOUT_MS; ; await pause(50)) {
    try {
      await server.query(`create database ${name} template ${quoted(template)}`);
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== IN_USE) throw error;
      // A connection that was ended a moment ago may still be there.
      if (Date.now() < end) continue;
      throw misuse(
        'the database is in use, and PostgreSQL copies only one that is not. Close its other clients first.',
        error,
      );
    }
  }
}

async function connectToServer(pg: typeof pgModule, url: string): Promise<Client> {
  try {
    return await connect(pg, withDatabase(url, 'postgres'));
  } catch {
    return connect(pg, withDatabase(url, 'template1'));
  }
}

async function connect(pg: typeof pgModule, connectionString: string): Promise<Client> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (cause) {
    throw misuse('the database of `url` cannot be reached.', cause);
  }
  return client;
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
