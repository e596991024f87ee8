import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compilePolicies } from '../../src/policies/compile-policies.js';
import { asTenant, openPolicyDatabase, type PolicyDatabase } from './policy-database.js';

let db: PolicyDatabase;
const name = (what: string) => `${what}_${randomBytes(6).toString('hex')}`;
// In the order of names before the application's role, which passes on what it has from it.
const [other, grantor, owner] = [name('other'), name('a_grantor'), name('owner')];
const TABLES = {
  tables: [{ name: 'job' }],
  shared: [{ name: 'price' }, { schema: 'lists', name: 'country' }],
  views: [{ name: 'titles' }, { schema: 'reports', name: 'prices' }],
  hidden: [{ name: 'registry' }],
};
beforeAll(async () => {
  db = await openPolicyDatabase(`
    create role ${other}; create role ${grantor};
    create schema lists; create schema reports;
    create table job (tenant_id text not null, title text);
    create table price (cents int); create table lists.country (code text);
    create table registry (id serial, name text);
    create view titles as select title from job; create view reports.prices as select cents from price;
    insert into lists.country values ('CH'); insert into price values (5)`);
  await db.apply(TABLES);
});
afterAll(() => db.stop(other, grantor, owner));

const sqlOf = (text: string) =>
  text.replace(/\$(\w+)/g, (_, what: string) => {
    const known: Readonly<Record<string, string>> = {
      app: db.roles.role,
      admin: db.roles.adminRole,
      db: db.name,
      other,
      grantor,
    };
    return known[what] ?? expect.unreachable(what);
  });

/** All that anybody may do to the database, its schemas, its relations and their columns, and who said so. */
const rights = () =>
  db.rows(`
    select what, a.privilege_type as right, a.is_grantable, a.grantee::regrole::text as grantee, a.grantor::regrole::text as grantor
    from (
      select 'database' as what, datacl as acl from pg_database where datname = current_database()
      union all select nspname, nspacl from pg_namespace where nspname in ('public', 'lists', 'reports')
      union all select relname, relacl from pg_class where relnamespace = 'public'::regnamespace
      union all select attrelid::regclass || '.' || attname, attacl from pg_attribute
        where attrelid in ('job'::regclass, 'price'::regclass, 'registry'::regclass, 'titles'::regclass)
    ) held cross join lateral aclexplode(acl) a
    order by 1, 2, 4, 5`);

const passedOn = (right: string, on: string) =>
  `grant ${right} on ${on} to $app with grant option; set role $app; grant ${right} on ${on} to $other; reset role`;

/** Somebody else than the owner, who may pass the right on, does. */
const grantedBy = (right: string, on: string, more = '') =>
  `grant ${right} on ${on} to $grantor with grant option; set role $grantor; grant ${right} on ${on} to $app${more}; reset role`;

describe.each([
  ['named', () => ({ database: db.name })],
  ['not named', () => ({})],
] as const)('the compiled SQL takes back, with the database %s,', (_, more) => {
  it.each([
    ['temporary tables of everybody', 'grant temporary on database $db to public'],
    ['temporary tables of the application', 'grant temporary on database $db to $app'],
    ['temporary tables of the administrator', 'grant temporary on database $db to $admin'],
    ['temporary tables, passed on', passedOn('temporary', 'database $db')],
    ['tables that everybody makes', 'grant create on schema public to public; grant create on schema lists to public'],
    ['tables that the application makes', 'grant create on schema public to $app'],
    ['tables that the administrator makes', 'grant create on schema reports to $admin'],
    ['tables that may be made, passed on', passedOn('create', 'schema lists')],
    ["a tenant's table, whole and by column", 'grant truncate on job to $app; grant update (title) on job to public'],
    ["a tenant's table, passed on", passedOn('references', 'job')],
    ['a shared table, by column', 'grant update (cents) on price to $app; grant insert on price to public'],
    ['a shared table, passed on', passedOn('update', 'price')],
    ['a view, of everybody', 'grant insert on titles to public'],
    ['a view, of the application', 'grant delete on titles to $app; grant update (title) on titles to $admin'],
    ['a view, passed on', passedOn('update', 'titles')],
    ['what is hidden, of everybody', 'grant select on registry to public'],
    [
      'what is hidden, of the application',
      'grant select (name) on registry to $app; grant insert on registry to $admin',
    ],
    ['what is hidden, passed on', passedOn('select', 'registry')],
    ['its sequence, of everybody', 'grant usage on sequence registry_id_seq to public'],
    ['its sequence, of the application', 'grant usage on sequence registry_id_seq to $app'],
    ['its sequence, passed on', passedOn('usage', 'sequence registry_id_seq')],
  ])('%s', async (_, grant) => {
    await db.apply({ ...TABLES, ...more() });
    const before = await rights();
    await db.outside.query(sqlOf(grant));
    expect(await rights()).not.toEqual(before);
    await db.apply({ ...TABLES, ...more() });
    expect(await rights()).toEqual(before);
  });
});

describe('of what somebody else granted', () => {
  afterEach(() => db.outside.query(`drop owned by ${grantor}, ${other}`));

  it.each([
    ["a column of a tenant's table", grantedBy('select (title)', 'job')],
    ['a column of what is hidden', grantedBy('select (name)', 'registry')],
    ['what is not a right on columns', grantedBy('truncate', 'job')],
    ['a view', grantedBy('update', 'titles')],
    ['to everybody', grantedBy('insert', 'price').replaceAll('$app', 'public')],
    [
      'what was passed on to somebody else',
      `${grantedBy('truncate', 'job', ' with grant option')}; set role $app; grant truncate on job to $other; reset role`,
    ],
    [
      'what was passed on to everybody',
      `${grantedBy('select, insert, truncate', 'job', ' with grant option')};
       set role $app; grant select, insert, truncate on job to public, $admin; reset role`,
    ],
    [
      'what is hidden, passed on to everybody',
      `${grantedBy('select', 'registry', ' with grant option')}; set role $app; grant select on registry to public; reset role`,
    ],
    [
      'columns, passed on to the administrator',
      `${grantedBy('select (title), update (title)', 'job', ' with grant option')};
       set role $app; grant select (title), update (title) on job to $admin; reset role`,
    ],
    [
      'temporary tables, passed on to everybody',
      `${grantedBy('temporary', 'database $db', ' with grant option')};
       set role $app; grant temporary on database $db to public, $other; reset role`,
    ],
  ])('%s is taken back', async (_, grant) => {
    await db.outside.query(sqlOf(grant));
    const held = async () => (await rights()).filter(({ grantor: by }) => by === grantor || by === db.roles.role);
    expect(await held()).not.toEqual([]);
    await db.apply(TABLES);
    expect(await held()).toEqual([]);
  });

  it('to somebody else stays', async () => {
    await db.outside.query(
      sqlOf(
        `${grantedBy('select', 'registry')}; ${grantedBy('temporary', 'database $db')}`.replaceAll(
          'to $app',
          'to $other',
        ),
      ),
    );
    const held = async () => (await rights()).filter(({ grantee }) => grantee === other);
    const before = await held();
    expect(before).toHaveLength(2);
    await db.apply(TABLES);
    expect(await held()).toEqual(before);
  });

  it('the owner, who may not revoke it, is told of it, by name and with what to do', async () => {
    const own = await openPolicyDatabase('create table job (tenant_id text not null)');
    try {
      await own.outside.query(`
        create role ${owner} login; create role ${own.roles.role} login;
        alter database ${own.name} owner to ${owner}; alter schema public owner to ${owner}; alter table job owner to ${owner};
        grant select on job to ${grantor} with grant option;
        set role ${grantor}; grant select on job to ${own.roles.role}; reset role`);
      const client = await own.login(owner);
      const { sql } = compilePolicies({ role: own.roles.role, tables: [{ name: 'job' }] });
      await expect(client.query(sql)).rejects.toMatchObject({
        code: '42501',
        message: `the role ${grantor} granted ${own.roles.role} a right on TABLE job, which only that role or a superuser can revoke`,
        hint: expect.stringContaining('as a superuser'),
      });
      await own.outside.query(sql);
      await client.query(sql);
    } finally {
      await own.stop(owner);
    }
  });
});

it('schemas that hold nothing but what is shared, or but views, can be looked into', async () => {
  const app = await db.login(db.roles.role);
  expect((await asTenant(app, 't_acme', 'select code from lists.country')).rows).toEqual([{ code: 'CH' }]);
  expect((await asTenant(app, 't_acme', 'select cents from reports.prices')).rows).toEqual([{ cents: 5 }]);
});
