import { eachSchema, migrate } from '@tenancy/postgres/migrations';
import { createDatabase, type TestDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { type MigrationInterface, type QueryRunner, Table, TableColumn, TableIndex } from 'typeorm';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { typeormMigrations } from '../../src/migrations.js';

class CreateJob1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner) {
    await runner.createTable(new Table({ name: 'job', columns: [{ name: 'id', type: 'int', isPrimary: true }] }));
  }
  async down() {}
}
class ChangeJob1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner) {
    await runner.startTransaction();
    await runner.addColumn(
      'job',
      new TableColumn({ name: 'stage', type: 'enum', enum: ['new', 'done'], default: "'new'" }),
    );
    await runner.createIndex('job', new TableIndex({ name: 'job_stage', columnNames: ['stage'] }));
    await runner.commitTransaction();
    const rows = await runner.query('insert into job (id) values ($1) returning stage', [1]);
    if (rows[0].stage !== 'new') throw new Error('there was another row');
  }
  async down() {}
}

const classes = [ChangeJob1700000000002, CreateJob1700000000001];
const tenants = ['acme', 'globex', 'initech'];
const targets = eachSchema({ tenants: tenants.map((id) => ({ id, slug: id })), name: ({ id }) => id });

let database: TestDatabase;
let client: pg.Client;
beforeEach(async () => {
  database = await createDatabase(inject('postgresUrl'));
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await database.stop();
});
const run = (migrations: ConstructorParameters<typeof Array>[0] | object, more = {}) =>
  migrate({ connection: database.url, migrations: typeormMigrations(migrations as never), targets, ...more });
const tables = async () =>
  (
    await client.query(`select schemaname as schema, tablename as name from pg_tables where tablename not like 'tenancy_%'
    and schemaname not in ('pg_catalog', 'information_schema') order by 1, 2`)
  ).rows;

describe("TypeORM's migrations", () => {
  it('run in the schema of each tenant, in the order of their timestamps, once', async () => {
    expect(await run(classes)).toMatchObject({
      applied: ['CreateJob1700000000001', 'ChangeJob1700000000002'],
      migrated: 3,
    });
    expect(await tables()).toEqual(tenants.map((schema) => ({ schema, name: 'job' })));
    for (const tenant of tenants) {
      const { rows } = await client.query(`select id, stage::text from ${tenant}.job`);
      expect(rows).toEqual([{ id: 1, stage: 'new' }]);
      // O10: each has a type of its own.
      const types = await client.query(
        `select count(*)::int as n from pg_type where typname = 'job_stage_enum' and typnamespace = '${tenant}'::regnamespace`,
      );
      expect(types.rows).toEqual([{ n: 1 }]);
    }
    expect(await run({ ChangeJob1700000000002, CreateJob1700000000001 })).toMatchObject({ migrated: 0, current: 3 });
  });

  it('run in one database', async () => {
    expect(await migrate({ connection: database.url, migrations: typeormMigrations(classes) })).toMatchObject({
      migrated: 1,
    });
    expect(await tables()).toEqual([{ schema: 'public', name: 'job' }]);
  });

  it('O10: one that names the schema of another is taken back', async () => {
    class Type1700000000003 implements MigrationInterface {
      async up(runner: QueryRunner) {
        await runner.query(`CREATE TYPE "public"."mood" AS ENUM('glad')`);
      }
      async down() {}
    }
    const error = await run([...classes, Type1700000000003], { maxFailures: 1 }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'targets_failed' });
    expect((error as Error).message).toContain('migration_left_schema');
    expect((await client.query(`select from pg_type where typname = 'mood'`)).rowCount).toBe(0);
  });

  it('one that fails, or ends the transaction, leaves nothing', async () => {
    class Fails1700000000003 implements MigrationInterface {
      async up(runner: QueryRunner) {
        await runner.query('create table half (id int)');
        throw new Error('half way');
      }
      async down() {}
    }
    class Ends1700000000004 implements MigrationInterface {
      async up(runner: QueryRunner) {
        await runner.query('create table half (id int)');
        await runner.query('rollback');
      }
      async down() {}
    }
    for (const [failing, said] of [
      [Fails1700000000003, 'half way'],
      [Ends1700000000004, 'migration_left_transaction'],
    ] as const) {
      const error = await run([...classes, failing], { maxFailures: 1 }).catch((caught: Error) => caught);
      expect((error as Error).message).toContain(said);
      expect((await tables()).filter(({ name }) => name === 'half')).toEqual([]);
    }
  });

  it('that cannot be run are refused by name', () => {
    class Alone1700000000005 implements MigrationInterface {
      transaction = false;
      async up() {}
      async down() {}
    }
    class NoTime implements MigrationInterface {
      async up() {}
      async down() {}
    }
    expect(() => typeormMigrations([Alone1700000000005])).toThrow('Alone1700000000005 asks for no transaction');
    expect(() => typeormMigrations([NoTime])).toThrow('NoTime does not end in a timestamp');
    expect(() => typeormMigrations([...classes, ...classes])).toThrow('two migrations');
    expect(() => typeormMigrations([{}] as never)).toThrow('no class');
    expect(() => typeormMigrations(null as never)).toThrow('scope_misconfigured');
  });
});
