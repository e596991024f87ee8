import { HealthCheckService, TerminusModule, TypeOrmHealthIndicator } from '@nestjs/terminus';
import { Test, type TestingModule } from '@nestjs/testing';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tenantScoped } from '../src/index.js';
import { openFloorDatabase, versions } from './database/floor-database.js';
import { isMariadbThere, MARIADB_MISSING } from './database/mariadb.js';
import { acme, globex, mariadbSettings, openScopedDatabase, settings } from './database/scoped-database.js';

/** Of a data source under test. */
interface Opened {
  readonly source: DataSource;
  readonly context: { run<R>(tenant: typeof acme, work: () => R): R };
  stop(): Promise<void>;
}

const onFloor = versions.map((version) => ({
  title: `TypeORM ${version.version} on a tenant pool`,
  hasFloor: true,
  hasDual: false,
  open: async (): Promise<Opened> => {
    const db = await openFloorDatabase(version);
    const source = tenantScoped(await db.open(), { context: db.context, shared: ['Office'] });
    return { source, context: db.context, stop: db.stop };
  },
}));
const scoped = [...settings, ...(isMariadbThere ? mariadbSettings : [])].map((setting) => ({
  title: `TypeORM ${setting.version} on ${setting.database}`,
  hasFloor: false,
  hasDual: setting.database === 'MariaDB',
  open: (): Promise<Opened> => openScopedDatabase(setting),
}));

it.skipIf(isMariadbThere)(`F16: MariaDB, where ${MARIADB_MISSING}`, () => {});

describe.each([...onFloor, ...scoped])('F16: the health of $title', ({ open, hasFloor, hasDual }) => {
  let db: Opened;
  let module: TestingModule;
  beforeAll(async () => {
    db = await open();
    module = await Test.createTestingModule({ imports: [TerminusModule] }).compile();
  });
  afterAll(async () => {
    await module.close();
    await db.stop();
  });

  it('Terminus says "up" outside a tenant, inside one, and to tenants in turn', async () => {
    const health = module.get(HealthCheckService);
    const indicator = await module.resolve(TypeOrmHealthIndicator);
    const check = () =>
      health.check([() => indicator.pingCheck('database', { connection: db.source as never, timeout: 30_000 })]);
    const up = expect.objectContaining({ status: 'ok', info: { database: expect.objectContaining({ status: 'up' }) } });
    expect(await check()).toEqual(up);
    expect(await db.context.run(acme, check)).toEqual(up);
    const many = Array.from({ length: 10 }, () => [
      check(),
      ...[acme, globex].map((tenant) => db.context.run(tenant, check)),
    ]);
    expect(await Promise.all(many.flat())).toEqual(Array(30).fill(up));
  });

  it('constants in any form are answered', async () => {
    for (const sql of ['select 1', ' SELECT 1 ;', 'SELECT 1 AS x', "select 1, 'ok' as said", 'select\n1']) {
      expect(await db.source.query(sql)).toHaveLength(1);
      expect(await db.context.run(acme, () => db.source.query(sql))).toHaveLength(1);
    }
    if (hasDual) expect(await db.source.query('SELECT 1 FROM DUAL')).toHaveLength(1);
  });

  it.each([
    'SELECT * FROM job',
    'SELECT 1 FROM job',
    'SELECT 1 AS x FROM job',
    'SELECT 1; SELECT * FROM job',
    'SELECT 1 /*! FROM job */',
    'SELECT 1 /* */ FROM job',
    'SELECT 1 -- \n FROM job',
    'SELECT 1 # \n FROM job',
    'SELECT 1::job',
    'SELECT (SELECT title FROM job)',
    `SELECT 'a\\', title, '' FROM job`,
    `SELECT 'a''b'`,
    'SELECT 1 UNION SELECT 2',
    'SELECT 1 FROM dual, job',
    'SELECT 1 FROM `dual`',
    'SELECT 1 FROM dual WHERE EXISTS (SELECT 1 FROM job)',
    'SELECT sleep(0)',
    'SELECT 1 INTO OUTFILE "x"',
    'SELECT\u00a01',
    'DELETE FROM job',
  ])('refuses %j outside a tenant, and inside one without a floor', async (sql) => {
    await expect(db.source.query(sql)).rejects.toMatchObject({ code: 'tenant_context_missing' });
    if (!hasFloor) {
      await expect(db.context.run(acme, () => db.source.query(sql))).rejects.toMatchObject({ code: 'scope_refused' });
    }
  });

  it('`FROM dual` is a table like any other where it is no word of the language', async () => {
    if (hasDual) return expect(await db.source.query('SELECT 1 FROM dual')).toHaveLength(1);
    await expect(db.source.query('SELECT 1 FROM dual')).rejects.toMatchObject({ code: 'tenant_context_missing' });
  });
});
