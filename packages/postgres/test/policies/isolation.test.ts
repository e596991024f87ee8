import type pg from 'pg';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TENANT_COLUMN_TYPES, type TenantColumnType } from '../../src/policies/policy-body.js';
import { forAllTests } from '../database/for-all-tests.js';
import { asTenant, openPolicyDatabase } from './policy-database.js';

const ids: Record<TenantColumnType, readonly [acme: string, globex: string]> = {
  text: ['t_acme', "t_glo'bex"],
  varchar: ['t_acme', 't_globex'],
  uuid: ['0b8f3c1e-0000-4000-8000-000000000001', '0b8f3c1e-0000-4000-8000-000000000002'],
  integer: ['1', '2'],
  bigint: ['9007199254740993', '9007199254740994'],
};

const db = forAllTests(() =>
  openPolicyDatabase(
    TENANT_COLUMN_TYPES.map(
      (type) => `create table job_${type} (tenant_id ${type} not null, id int primary key, title text)`,
    ).join(';'),
  ),
);
let app: pg.Client;
beforeAll(async () => {
  await db.apply({ tables: TENANT_COLUMN_TYPES.map((type) => ({ name: `job_${type}`, type })) });
  app = await db.login(db.roles.role);
});

describe.each(TENANT_COLUMN_TYPES)('with a tenant column of type %s', (type) => {
  const [acme, globex] = ids[type];
  const table = `job_${type}`;
  const as = (tenant: string | null, sql: string, values: unknown[] = []) => asTenant(app, tenant, sql, values);
  const rowsOf = (tenant: string) =>
    db.rows(`select id, title from ${table} where tenant_id = '${tenant.replaceAll("'", "''")}' order by id`);
  const seeded = (n: number) => [
    { id: n, title: 'a' },
    { id: n + 1, title: 'b' },
  ];

  beforeEach(async () => {
    await db.outside.query(`truncate ${table}`);
    for (const [tenant, n] of [[acme, 1] as const, [globex, 11] as const]) {
      await db.outside.query(`insert into ${table} values ($1, $2, 'a'), ($1, $3, 'b')`, [tenant, n, n + 1]);
    }
  });

  it('select: own rows appear and foreign rows do not', async () => {
    expect((await as(acme, `select id, title from ${table} order by id`)).rows).toEqual(seeded(1));
    expect((await as(globex, `select id, title from ${table} order by id`)).rows).toEqual(seeded(11));
    expect((await as(acme, `select * from ${table} where id = 11 or true and id > 2`)).rows).toEqual([]);
  });

  it('insert: own rows are stored, a row for another tenant or for none is refused', async () => {
    await as(acme, `insert into ${table} values ($1, 3, 'c')`, [acme]);
    expect(await rowsOf(acme)).toEqual([...seeded(1), { id: 3, title: 'c' }]);
    for (const tenant of [globex, null]) {
      await expect(as(acme, `insert into ${table} values ($1, 4, 'd')`, [tenant])).rejects.toThrow(/policy|not-null/);
    }
    expect(await rowsOf(globex)).toEqual(seeded(11));
  });

  it('insert on conflict: a foreign row is not overwritten', async () => {
    const upsert = `insert into ${table} values ($1, $2, 'z') on conflict (id) do update set title = 'z'`;
    expect((await as(acme, upsert, [acme, 1])).count).toBe(1);
    await expect(as(acme, upsert, [acme, 11])).rejects.toThrow('row-level security policy');
    expect(await rowsOf(globex)).toEqual(seeded(11));
  });

  it('update: own rows change and foreign rows do not; no row moves to another tenant', async () => {
    expect((await as(acme, `update ${table} set title = 'z'`)).count).toBe(2);
    expect((await as(acme, `update ${table} set title = 'z' where id = 11`)).count).toBe(0);
    await expect(as(acme, `update ${table} set tenant_id = $1 where id = 1`, [globex])).rejects.toThrow(
      'row-level security policy',
    );
    expect(await rowsOf(acme)).toEqual([
      { id: 1, title: 'z' },
      { id: 2, title: 'z' },
    ]);
    expect(await rowsOf(globex)).toEqual(seeded(11));
  });

  it('delete: own rows go and foreign rows stay', async () => {
    expect((await as(acme, `delete from ${table} where id = 11`)).count).toBe(0);
    expect((await as(acme, `delete from ${table}`)).count).toBe(2);
    expect(await rowsOf(acme)).toEqual([]);
    expect(await rowsOf(globex)).toEqual(seeded(11));
  });

  it('merge: own rows are matched and foreign rows are not', async () => {
    const merge = (id: number) =>
      as(
        acme,
        `merge into ${table} t using (select ${id} as id) s on t.id = s.id
         when matched then update set title = 'm' when not matched then insert values ($1, 5, 'n')`,
        [acme],
      );
    await merge(1);
    await merge(11);
    expect(await rowsOf(acme)).toEqual([
      { id: 1, title: 'm' },
      { id: 2, title: 'b' },
      { id: 5, title: 'n' },
    ]);
    expect(await rowsOf(globex)).toEqual(seeded(11));
  });

  it('G2: without a tenant, with an empty one, and after a local one has ended, there are no rows', async () => {
    const fresh = await db.login(db.roles.role);
    const seen = async (client: pg.Client) => (await client.query(`select from ${table}`)).rowCount;
    expect((await fresh.query("select current_setting('app.tenant_id', true) as id")).rows).toEqual([{ id: null }]);
    expect(await seen(fresh)).toBe(0);
    expect((await asTenant(fresh, '', `select from ${table}`)).count).toBe(0);
    expect((await asTenant(fresh, acme, `select from ${table}`)).count).toBe(2);
    expect((await fresh.query("select current_setting('app.tenant_id', true) as id")).rows).toEqual([{ id: '' }]);
    expect(await seen(fresh)).toBe(0);
    await expect(fresh.query(`insert into ${table} values ($1, 6, 'f')`, [acme])).rejects.toThrow('policy');
  });

  it('two tenants at the same time each see their own rows', async () => {
    const clients = await Promise.all([db.login(db.roles.role), db.login(db.roles.role)]);
    const rounds = clients.map(async (client, index) => {
      const [own, first] = index === 0 ? [acme, 1] : [globex, 11];
      for (let round = 0; round < 20; round += 1) {
        const { rows } = await asTenant(client, own, `select id, title from ${table} order by id`);
        expect(rows).toEqual(seeded(first));
      }
    });
    await Promise.all(rounds);
  });
});

it("G2: a row whose tenant is empty is nobody's, also where the setting reads empty", async () => {
  await db.outside.query("truncate job_text; insert into job_text values ('', 1, 'a')");
  const fresh = await db.login(db.roles.role);
  expect((await asTenant(fresh, '', 'select * from job_text')).rows).toEqual([]);
  expect((await fresh.query("select *, current_setting('app.tenant_id') from job_text")).rows).toEqual([]);
  await expect(asTenant(fresh, '', "insert into job_text values ('', 2, 'b')")).rejects.toThrow('policy');
});

it('a setting that is no value of the type fails instead of showing rows', async () => {
  await expect(asTenant(app, 'no-uuid', 'select * from job_uuid')).rejects.toThrow('invalid input syntax');
  await expect(asTenant(app, '1 or 1=1', 'select * from job_integer')).rejects.toThrow('invalid input syntax');
});

it('a session that turns row-level security off reads nothing', async () => {
  const fresh = await db.login(db.roles.role);
  await fresh.query('set row_security = off');
  await expect(fresh.query('select * from job_text')).rejects.toThrow('would be affected by row-level security');
});

it("the administrator's role sees and changes the rows of every tenant, and has no BYPASSRLS", async () => {
  const admin = await db.login(db.roles.adminRole);
  await db.outside.query("truncate job_text; insert into job_text values ('t_acme', 1, 'a'), ('t_globex', 11, 'b')");
  expect((await admin.query('select id from job_text order by id')).rows).toEqual([{ id: 1 }, { id: 11 }]);
  await admin.query("insert into job_text values ('t_other', 21, 'c')");
  expect((await admin.query("update job_text set title = 'z'")).rowCount).toBe(3);
  await expect(admin.query('truncate job_text')).rejects.toThrow('permission denied');
  expect(
    await db.rows(`select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin
                   from pg_roles where rolname in ('${db.roles.role}', '${db.roles.adminRole}') group by 1,2,3,4,5,6`),
  ).toEqual([
    {
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      rolcanlogin: true,
    },
  ]);
});
