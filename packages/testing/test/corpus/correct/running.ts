import pg from 'pg';
import { createIsolationHarness, type IsolationHarness } from '../../../src/index.js';
import { createTestDatabase, type MigratedDatabase, rowsFromPostgres } from '../../../src/postgres.js';
import { type Application, acme, Db, globex, moduleOf, tokenOf } from './application.js';

/** Runs one application after another in one database, which each finds empty. */
export class Databases implements AsyncDisposable {
  private constructor(
    private readonly database: MigratedDatabase,
    private readonly pool: pg.Pool,
  ) {}

  static async create(): Promise<Databases> {
    const database = await createTestDatabase({ migrate: () => {}, name: 'the correct applications' });
    return new Databases(database, new pg.Pool({ connectionString: database.url, max: 8 }));
  }

  async running<R>(application: Application, work: (harness: IsolationHarness) => Promise<R>): Promise<R> {
    const { pool, database } = this;
    const nothing = 'create table nothing (tenant_id text);';
    await pool.query(`drop schema public cascade; create schema public; ${application.schema ?? nothing}`);
    const { rows: tables } = await pool.query<{ name: string }>(
      `select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'tenant_id'`,
    );
    const harness = await createIsolationHarness(moduleOf(application, pool), {
      tenants: { acme, globex },
      ...(application.signsIn !== false && { signIn: tokenOf }),
      seed: (tenant, seeding) => application.seed(tenant, { ...seeding, db: seeding.app.get(Db) }),
      rows: rowsFromPostgres(database.url, { tenantColumn: 'tenant_id' }),
      ...(application.cleans && {
        clean: async ({ id }) => {
          for (const { name } of tables) await pool.query(`delete from "${name}" where tenant_id = $1`, [id]);
        },
      }),
      ...(application.configure && { configure: application.configure }),
      ...(application.started && { prepare: application.started }),
      ...application.harness,
    });
    try {
      return await work(harness);
    } finally {
      await harness.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.end();
    await this.database.stop();
  }
}
