import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { type AdoptOptions, adopt } from '../../src/changes.js';
import { policyDrift } from '../../src/index.js';
import { forAllTests } from '../database/for-all-tests.js';
import { openChangeDatabase, servers } from './change-database.js';

describe.each(servers)('other ways to adopt a database $title', (server) => {
  const database = forAllTests(async () => {
    const opened = await openChangeDatabase(server);
    await opened.outside.query(`
      create schema "Hr"; grant usage on schema "Hr" to ${opened.app};
      create table "Hr"."Firm" ("Id" uuid primary key default gen_random_uuid(), "ownerId" uuid not null unique);
      create table "Hr"."job" ("Id" uuid primary key default gen_random_uuid(), "firmId" uuid not null references "Hr"."Firm" on update cascade);
      create table job (id int primary key, "hrJob" uuid not null unique references "Hr"."job");
      create table visit (id int primary key, job_id int references job);
      insert into "Hr"."Firm" ("ownerId") select gen_random_uuid() from generate_series(1, 5);
      insert into "Hr"."job" ("firmId") select "Id" from "Hr"."Firm";
      insert into job select row_number() over (), "Id" from "Hr"."job";
      insert into visit select id, id from job`);
    return opened;
  });
  const query = async (sql: string) => (await database.outside.query(sql)).rows;
  const options: Omit<AdoptOptions, 'connection' | 'until' | 'tables' | 'policies'> = {
    ...{ tenantColumn: 'Tenant', type: 'uuid', maxShare: 1 },
  };
  const tables: AdoptOptions['tables'] = [
    { schema: 'Hr', name: 'Firm', tenantColumn: 'ownerId' },
    { schema: 'Hr', name: 'job', through: 'firmId' },
    { name: 'job', through: 'hrJob' },
  ];
  const visit = { name: 'visit', value: `(select "Tenant" from job where job.id = visit.job_id)` };
  const adopted = (more: Pick<AdoptOptions, 'until' | 'tables'>) => {
    const policies = { role: database.app, adminRole: `${database.app}_admin`, setting: 'hr.owner' };
    return adopt({ connection: database.url, ...options, policies, ...more });
  };
  const WRONG = `select j.id from job j join "Hr".job h on h."Id" = j."hrJob" join "Hr"."Firm" f on f."Id" = h."firmId"
    where f."ownerId" is distinct from h."Tenant" or f."ownerId" is distinct from j."Tenant"`;

  it('a table that has its tenant column, names in quotes, one name in two schemas, and another setting', async () => {
    await adopted({ tables, until: 'expand' });
    expect(await query(WRONG)).toEqual([]);
    await query(`insert into "Hr"."job" ("firmId") select "Id" from "Hr"."Firm" limit 1`);
    await query(`insert into job select 100, "Id" from "Hr"."job" where "Id" not in (select "hrJob" from job)`);
    expect(await query(WRONG)).toEqual([]);
  });

  it('a list that grows: what is done stays, and the new table comes to it', async () => {
    const longer = [...tables, visit];
    await adopted({ tables: longer, until: 'keys' });
    const app = new pg.Client({ connectionString: database.appUrl });
    await app.connect();
    await expect(app.query('select from "Hr"."job"')).rejects.toThrow('permission denied');
    await adopted({ tables: longer, until: 'observe' });
    // The application can be let connect as the role before anything is held.
    expect((await app.query('select from "Hr"."job"')).rowCount).toBe(6);
    await app.end();
    await adopted({ tables: longer, until: 'enforce' });
    await query(
      'create table late (id int primary key, job_id int not null references job); insert into late select id, id from job',
    );
    const { changes } = await adopted({ tables: [...longer, { name: 'late', through: 'job_id' }], until: 'enforce' });
    expect(changes.filter(({ done }) => done.length > 0).map(({ name }) => name.replace(/ [0-9a-f]{12}$/, ''))).toEqual(
      [
        'add column "public"."late".Tenant',
        'adopt keys of "public"."late"',
        'adopt references of "public"."late" to "public"."job"',
        'adopt roles',
        'open policies of "public"."late"',
        'enforce policies of "public"."late"',
        'adopt access',
      ],
    );
    const compiled = {
      ...{ role: database.app, adminRole: `${database.app}_admin`, setting: 'hr.owner' },
      tables: [...longer, { name: 'late' }].map(({ name, ...one }) => ({
        ...{ name, type: 'uuid' as const },
        schema: 'schema' in one ? (one.schema ?? 'public') : 'public',
        tenantColumn: name === 'Firm' ? 'ownerId' : 'Tenant',
      })),
    };
    expect(await policyDrift(database.outside, compiled)).toEqual([]);
    expect(
      await query(`select conrelid::regclass::text as name, pg_get_constraintdef(oid) as definition from pg_constraint
        where contype = 'f' and conrelid = '"Hr".job'::regclass`),
    ).toEqual([
      {
        name: '"Hr".job',
        definition: 'FOREIGN KEY ("Tenant", "firmId") REFERENCES "Hr"."Firm"("ownerId", "Id") ON UPDATE CASCADE',
      },
    ]);
    await query(`drop owned by ${database.app}_admin; drop role ${database.app}_admin`);
  });

  it('another rule for a table that is done is another change', async () => {
    const other = [...tables, { ...visit, value: 'gen_random_uuid()' }];
    await expect(adopted({ tables: other, until: 'expand' })).rejects.toThrow(
      /change_differs: add column "public"\."visit"\.Tenant was made by another rule, type or role than is passed now/,
    );
  });
});
