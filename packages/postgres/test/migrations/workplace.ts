import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { inject } from 'vitest';
import { eachSchema, type MigrateOptions, type MigrationError, migrate } from '../../src/migrations.js';

/** A database, and a folder of migrations for it. */
export class Workplace {
  private constructor(
    readonly url: string,
    readonly directory: string,
    /** A connection of the test's own. */
    readonly client: pg.Client,
    private readonly stops: () => Promise<unknown>,
  ) {}

  static async open(server = inject('postgresUrl')): Promise<Workplace> {
    const database = await createDatabase(server);
    const directory = await mkdtemp(join(tmpdir(), 'tenancy-migrations-'));
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    return new Workplace(database.url, directory, client, async () => {
      await client.end();
      await Promise.all([database.stop(), rm(directory, { recursive: true })]);
    });
  }

  stop = () => this.stops();

  async file(name: string, sql: string): Promise<void> {
    const path = join(this.directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, sql);
  }

  /** Runs the migrations in the schema of each of `tenants`. */
  schemas(tenants: readonly string[], options: Partial<MigrateOptions> = {}, more: object = {}) {
    const targets = eachSchema({ tenants: tenants.map((id) => ({ id, slug: id })), name: ({ id }) => id, ...more });
    return migrate({ connection: this.url, directory: this.directory, targets, ...options });
  }

  async rows<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.client.query<Row>(sql, values)).rows;
  }

  /** The tables of each schema of a tenant, and of `public`, with their columns. */
  async tables(): Promise<Record<string, string[]>> {
    const rows = await this.rows<{ schema: string; columns: string[] }>(`
      select n.nspname as schema, array_agg(c.relname || '.' || a.attname order by c.relname, a.attnum) as columns
      from pg_namespace n join pg_class c on c.relnamespace = n.oid join pg_attribute a on a.attrelid = c.oid
      where n.nspname !~ '^pg_|information_schema' and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
        and c.relname !~ '^tenancy_' group by n.nspname order by n.nspname`);
    return Object.fromEntries(rows.map(({ schema, columns }) => [schema, columns]));
  }
}

/** The error that a run ends with. */
export async function failure(run: Promise<unknown>): Promise<MigrationError> {
  return run.then(
    () => {
      throw new Error('the run succeeded');
    },
    (error: MigrationError) => error,
  );
}
