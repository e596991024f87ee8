import { type DiagnoseOptions, diagnose } from '@tenancy/postgres/doctor';
import { createDatabase, type TestDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Companies } from '../src/admin/companies.js';
import { CompanyDirectory } from '../src/admin/company-directory.js';
import { DemoData } from '../src/admin/demo-data.js';
import { type IsolationKind, isolations } from '../src/database/isolation.js';
import { prepareDatabase } from '../src/start/prepare-database.js';
import { testDeployment } from './support/deployment.js';
import { acme, globex } from './support/platform.js';

describe.each<IsolationKind>(['rows', 'schemas'])(
  'the doctor, on a database that keeps companies in %s',
  (isolation) => {
    const schemas = ['public', ...(isolation === 'schemas' ? [acme, globex].map(isolations.schemas.schemaOf) : [])];
    let database: TestDatabase;
    let examined: DiagnoseOptions;
    beforeAll(async () => {
      database = await createDatabase(inject('postgresUrl'), { prefix: 'hiring_doctor' });
      const adminDatabaseUrl = database.url;
      const { databaseUrl } = await prepareDatabase(adminDatabaseUrl, isolation);
      const deployment = testDeployment({ adminDatabaseUrl, databaseUrl, isolation });
      const directory = new CompanyDirectory(deployment);
      await new DemoData(new Companies(directory, deployment)).seed();
      await directory.close();
      const role = new URL(databaseUrl).username;
      examined = { connection: adminDatabaseUrl, application: databaseUrl, role, schemas };
    });
    afterAll(() => database.stop({ roles: [examined.role] }));

    const found = async () => {
      const { findings } = await diagnose(examined);
      // Whoever starts the server has to update it.
      return findings.filter(({ rule }) => rule !== 'server-updates').map(({ rule, subject }) => [rule, subject]);
    };

    it('finds nothing', async () => {
      expect(await found()).toEqual([]);
    });

    it('finds a table that is not held any more, and a right on the list of companies', async () => {
      const client = new pg.Client({ connectionString: examined.connection as string });
      await client.connect();
      try {
        const table = `${isolations[isolation].schemaOf(acme)}.job`;
        await client.query(`alter table ${table} disable row level security`);
        await client.query(
          `grant usage on schema tenancy to ${examined.role}; grant select on tenancy.tenant to ${examined.role}`,
        );
        expect(await found()).toEqual([
          ['table-policies', table],
          ['unexamined-schemas', 'schema tenancy'],
        ]);
      } finally {
        await client.end();
      }
    });
  },
);
