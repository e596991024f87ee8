import { TenantPool } from '@tenancy/postgres';
import type { DataSource, DataSourceOptions, Logger } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FloorDatabase, openFloorDatabase, poolOf, versions } from './database/floor-database.js';

describe.each(versions)('TypeORM $version starts on a tenant pool', (typeorm) => {
  let db: FloorDatabase;
  beforeAll(async () => {
    db = await openFloorDatabase(typeorm);
  });
  afterAll(() => db.stop());

  const startWith = async (options: Partial<DataSourceOptions> & object): Promise<[string[], DataSource]> => {
    const sent: string[] = [];
    const logger = new Proxy({} as Logger, {
      get: (_target, property) => (text: string) => {
        if (property === 'logQuery') sent.push(text);
      },
    });
    return [sent, await db.open({ ...options, logger, logging: 'all' } as Partial<DataSourceOptions>)];
  };

  it('without a tenant, and without a statement that needs one', async () => {
    const [sent, source] = await startWith({});
    expect(poolOf(source)).toBeInstanceOf(TenantPool);
    expect(sent).toEqual(['SELECT version()', 'SELECT * FROM current_schema()']);
    await expect(source.query('select * from job')).rejects.toThrow(/tenant_context_missing/);
    await source.destroy();
  });

  it('where the options name no database, by asking for that too', async () => {
    const [sent] = await startWith({ url: undefined, extra: { connectionString: db.url } } as never);
    expect(sent).toEqual(['SELECT version()', 'SELECT * FROM current_database()', 'SELECT * FROM current_schema()']);
  });

  it('with an extension to install, which is left to the migrations', async () => {
    const token = new typeorm.Schema({
      name: 'Token',
      columns: { id: { type: 'uuid', primary: true, generated: 'uuid' } },
    });
    const [sent, source] = await startWith({ installExtensions: true, entities: [...db.entities, token] });
    expect(sent).toContain('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"');
    expect(source.isInitialized).toBe(true);
    expect((await db.outside.query(`select from pg_extension where extname = 'uuid-ossp'`)).rowCount).toBe(0);
  });

  it("T12: but not with `synchronize` or `migrationsRun`, which are not the application's to do", async () => {
    for (const option of [{ synchronize: true }, { migrationsRun: true, migrations: [class Later1700000000000 {}] }]) {
      await expect(startWith(option as never)).rejects.toThrow(/tenant_context_missing/);
    }
  });

  it('with replication, each pool a tenant pool of its own', async () => {
    const { url } = db;
    const [, source] = await startWith({
      url: undefined,
      replication: { master: { url }, slaves: [{ url }] },
    } as never);
    const rows = await db.context.run({ id: 't_acme', slug: 'acme' }, () => source.manager.query('select * from job'));
    expect(rows).toEqual([]);
    await expect(source.manager.find('Job')).rejects.toThrow(/tenant_context_missing/);
  });
});
