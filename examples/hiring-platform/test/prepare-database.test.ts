import { readFile } from 'node:fs/promises';
import { outboxTableSql } from '@tenancy/core/events';
import { scheduleTableSql } from '@tenancy/core/schedule';
import {
  createDatabase,
  type PostgresServer,
  postgresFromEnvironment,
  type TestDatabase,
} from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Companies } from '../src/admin/companies.js';
import { CompanyDirectory } from '../src/admin/company-directory.js';
import { DemoData } from '../src/admin/demo-data.js';
import type { IsolationKind } from '../src/database/isolation.js';
import { prepareDatabase } from '../src/start/prepare-database.js';
import { StartError } from '../src/start/start-error.js';
import { testDeployment } from './support/deployment.js';

describe('preparing the database', () => {
  let server: PostgresServer;
  let database: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    server = await postgresFromEnvironment();
    database = await createDatabase(server.url, { prefix: 'hiring_prepare' });
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.stop({ roles: [`${database.name}_app`, `${database.name}_owner`] });
    await server.stop();
  });

  it('says in one line that the role of DATABASE_URL may not create another', async () => {
    const owner = `${database.name}_owner`;
    await client.query(
      `create role ${owner} login password 'owner'; alter database ${database.name} owner to ${owner}`,
    );
    const url = new URL(database.url);
    url.username = owner;
    url.password = 'owner';
    await expect(prepareDatabase(url.href)).rejects.toThrow(StartError);
    await client.query(`reassign owned by ${owner} to current_user`);
  });

  it.each<[string, (url: URL) => void, RegExp]>([
    ['a database that is not there', (url) => (url.pathname += '_missing'), /database ".*_missing" does not exist\.$/],
    ['nothing where it points', (url) => (url.host = '127.0.0.1:1'), /ECONNREFUSED 127\.0\.0\.1:1\.$/],
    ['a host with two addresses', (url) => (url.host = 'localhost:1'), /ECONNREFUSED/],
  ])('says in one line that DATABASE_URL leads to %s', async (_, change, message) => {
    const url = new URL(database.url);
    change(url);
    const error = await prepareDatabase(url.href).then(String, (reason: unknown) => reason);
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).message).toMatch(message);
  });

  it.each<IsolationKind>(['rows', 'schemas'])(
    'is done for who owns the database and may create roles, and lets companies be made in %s',
    async (isolation) => {
      const own = await createDatabase(server.url, { prefix: 'hiring_owned' });
      const owner = `${own.name}_owner`;
      await client.query(
        `create role ${owner} login createrole password 'owner'; alter database ${own.name} owner to ${owner}`,
      );
      try {
        const url = new URL(own.url);
        url.username = owner;
        url.password = 'owner';
        const { databaseUrl } = await prepareDatabase(url.href, isolation);
        const deployment = testDeployment({ adminDatabaseUrl: url.href, databaseUrl, isolation });
        const directory = new CompanyDirectory(deployment);
        await new DemoData(new Companies(directory, deployment)).seed();
        expect((await directory.findBySlug('acme'))?.status).toBe('active');
        await directory.close();
      } finally {
        await own.stop({ roles: [`${own.name}_app`, owner] });
      }
    },
  );

  it('has the tables of the outbox and of the clocks as the library makes them', async () => {
    const migration = (name: string) => readFile(new URL(`../migrations/${name}`, import.meta.url), 'utf8');
    expect(await migration('0005_mail.sql')).toContain(outboxTableSql());
    expect(await migration('0006_schedule.platform.sql')).toContain(scheduleTableSql('operations.tenancy_schedule'));
  });

  it('can run again, and at the same time, and gives the same unprivileged role', async () => {
    const urls = await Promise.all([1, 2, 3].map(() => prepareDatabase(database.url)));
    expect(new Set(urls.map(({ databaseUrl }) => databaseUrl)).size).toBe(1);
    const application = new pg.Client({ connectionString: urls[0]?.databaseUrl });
    await application.connect();
    const { rows } = await application.query(
      'select rolsuper, rolbypassrls from pg_roles where rolname = current_user',
    );
    expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false }]);
    await expect(application.query('create table mine ()')).rejects.toThrow('permission denied');
    await application.end();
  });
});
