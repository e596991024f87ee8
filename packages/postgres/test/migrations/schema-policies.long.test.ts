import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { Tenant } from '@tenancy/core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTenantPool, placedIsolation } from '../../src/index.js';
import { type CodeMigration, eachSchema, migrate, schemaDrift, sqlFiles } from '../../src/migrations.js';
import { type DirectoryTenant, provisionTenant } from '../../src/tenants.js';
import { forAllTests } from '../database/for-all-tests.js';
import { servers } from '../database/servers.js';
import { openProvisionDatabase } from '../tenants/provision-database.js';
import { failure, Workplace } from './workplace.js';

const OWN = `tenant_id text not null default current_setting('app.tenant_id', true)`;

describe.each(servers)('schemas of tenants beside the rows of others, $title', (server) => {
  const database = forAllTests(() => openProvisionDatabase(server));

  const provision = (slug: string, kind: 'rows' | 'schema') =>
    provisionTenant({
      ...{ directory: database.directory, places: database.places(), tenant: { slug }, at: { server: 'main', kind } },
      seed: async (client) => void (await client.query(`insert into job (title) values ($1)`, [slug])),
    });
  /** Schemas as the directory's places have them. */
  const targets = () =>
    eachSchema({
      tenants: {
        async *list() {
          for await (const tenant of database.directory.list()) if (tenant.place.kind === 'schema') yield tenant;
        },
      },
      name: (tenant) => (tenant as DirectoryTenant).place.name as string,
      role: database.role,
    });
  const policies = { role: '' };
  beforeAll(() => {
    policies.role = database.role;
  });
  const migrations = () => ({ connection: database.url, directory: database.folder, targets: targets() });
  const run = () => migrate({ ...migrations(), policies });
  const shared = () => migrate({ connection: database.url, directory: database.folder, policies });
  const rows = async (sql: string) => (await database.outside.query(sql)).rows;
  /** The rows of a query of the application as a tenant. */
  const seenBy = async ({ id }: Tenant, sql: string) => {
    const client = await database.app();
    try {
      await client.query(`select set_config('app.tenant_id', $1, false)`, [id]);
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };
  /** The titles that a process finds which starts now. */
  const startedFor = async (tenant: DirectoryTenant) => {
    const storage = new AsyncLocalStorage<Tenant>();
    const pool = createTenantPool({
      connectionString: database.appUrl,
      context: { isActive: () => storage.getStore() !== undefined, current: () => storage.getStore() as Tenant },
      isolation: placedIsolation({ servers: { main: database.appUrl } }),
    });
    try {
      return await storage.run(tenant, async () => (await pool.query('select title from job')).rows);
    } finally {
      await pool.end();
    }
  };
  /** Tables of schemas, and whether policies of the same transaction hold them. */
  const states = (table: string) =>
    rows(`select c.relnamespace::regnamespace::text as schema, c.relrowsecurity and c.relforcerowsecurity as forced,
        count(p.oid)::int as policies, bool_and(p.xmin::text = c.xmin::text) as together
      from pg_class c left join pg_policy p on p.polrelid = c.oid
      where c.relname = '${table}' and c.relnamespace::regnamespace::text like 's\\_%' group by c.oid order by 1`);
  const allHeld = (all: readonly DirectoryTenant[]) =>
    all
      .map(({ place }) => ({ schema: place.name, forced: true, policies: 2, together: true }))
      .sort((a, b) => ((a.schema as string) < (b.schema as string) ? -1 : 1));

  it('O14: a table that a later migration makes is held in the same transaction, and a new process starts', async () => {
    const [acme, globex, neighbour] = [
      await provision('acme', 'schema'),
      await provision('globex', 'schema'),
      await provision('neighbour', 'rows'),
    ] as const;
    await database.file(
      '0005_note.sql',
      `create table note (${OWN}, id int); insert into note (tenant_id, id) values ('planted', 1); create view notes as select * from note`,
    );
    await shared();
    expect(await run()).toMatchObject({ migrated: 2, failed: [] });
    expect(await states('note')).toEqual(allHeld([acme, globex]));
    for (const { id, place } of [acme, globex]) {
      await database.outside.query(`insert into "${place.name}".note (tenant_id, id) values ('${id}', 7)`);
      const own = { tenant_id: id, id: 7 };
      for (const relation of ['note', 'notes']) {
        const sql = `select * from "${place.name}".${relation}`;
        expect(await seenBy({ id, slug: id }, sql)).toEqual([own]);
        expect(await seenBy(neighbour, sql)).toEqual([]);
      }
    }
    expect(await startedFor(neighbour)).toEqual([{ title: 'neighbour' }]);
    // One that has all of it from its beginning is like those that came to it by migrations.
    await provision('initech', 'schema');
    const drift = await schemaDrift({ connection: database.url, targets: targets() });
    expect(drift).toMatchObject({ targets: 3, different: [] });
    await database.file('0006_open.sql', `create table open (${OWN}, id int)`);
    await shared();
    await migrate(migrations());
    await expect(startedFor(neighbour)).rejects.toMatchObject({
      ...{ code: 'floor_unsafe', message: expect.stringContaining('.open') },
    });
    await database.file('0007_closed.sql', `create table closed (${OWN}, id int)`);
    await shared();
    await run();
    expect(await startedFor(neighbour)).toEqual([{ title: 'neighbour' }]);
  });

  it('a column that a later migration adds brings them, and so does code', async () => {
    const held = (table: string) => states(table).then((all) => all.map(({ forced, policies }) => [forced, policies]));
    const three = (forced: boolean, count: number) => [1, 2, 3].map(() => [forced, count]);
    await database.file('0008_late.sql', 'create table late (id int)');
    await run();
    expect(await held('late')).toEqual(three(false, 0));
    await database.file('0009_column.sql', `alter table late add ${OWN}`);
    await run();
    expect(await held('late')).toEqual(three(true, 2));
    const code: CodeMigration = {
      name: '0010_code',
      run: async (client) => void (await client.query(`create table coded (${OWN}, id int)`)),
    };
    const { directory, ...rest } = migrations();
    const source = { read: async () => [...(await sqlFiles(directory).read()), code] };
    expect(await migrate({ ...rest, migrations: source, policies })).toMatchObject({ migrated: 3, failed: [] });
    expect(await held('coded')).toEqual(three(true, 2));
  });
});

describe.each(servers)('policies in the text of the migrations, $title', ({ url }) => {
  let place: Workplace;
  const policies = { role: `app_${randomBytes(5).toString('hex')}` };
  beforeEach(async () => {
    place = await Workplace.open(url);
    await place.file('0001_job.sql', `create table job (${OWN}, id int)`);
  });
  afterEach(async () => {
    await place.client.query(`drop owned by ${policies.role}; drop role if exists ${policies.role}`).catch(() => {});
    await place.stop();
  });

  const held = (table: string) =>
    place.rows(`select relnamespace::regnamespace::text as schema, count(p.oid)::int as policies
      from pg_class c left join pg_policy p on p.polrelid = c.oid where relname = '${table}' group by c.oid order by 1`);
  const tenants = Array.from({ length: 12 }, (_, n) => `t${n + 10}`);
  const each = (count: number) => tenants.map((schema) => ({ schema, policies: count }));

  it('of a schema that has other tables than the others are its own', async () => {
    await place.schemas(tenants, { policies });
    await place.client.query(`create table t15.extra (${OWN}, id int); drop table t16.job`);
    await place.file('0002_note.sql', `create table note (${OWN}, id int)`);
    expect(await place.schemas(tenants, { policies, workers: 1 })).toMatchObject({ migrated: 12, failed: [] });
    expect(await held('note')).toEqual(each(2));
    expect(await held('extra')).toEqual([{ schema: 't15', policies: 2 }]);
  });

  it('stand in batches as well, of which one bad tenant spoils none', async () => {
    await place.schemas(tenants, { policies, batch: 10, workers: 1 });
    await place.client.query('create table t17.note (id int)');
    await place.file('0002_note.sql', `create table note (${OWN}, id int)`);
    const { result } = await failure(place.schemas(tenants, { policies, batch: 10, workers: 1, maxFailures: 1 }));
    expect(result).toMatchObject({ migrated: 11, failed: [{ tenant: 't17' }] });
    expect(await held('note')).toEqual(each(2).map((one) => (one.schema === 't17' ? { ...one, policies: 0 } : one)));
  });

  it('where no first one got them, what is about the server is not left out', async () => {
    await place.schemas(['t00']);
    // The first one has run them when its transaction is taken back, and the role with it.
    await place.client.query(`create function refuse() returns trigger language plpgsql as $$ begin raise 'not this one'; end $$;
      create trigger refuse before insert on tenancy_migrations for each row when (new.target = 't10') execute function refuse()`);
    const { result } = await failure(place.schemas(tenants, { policies, workers: 1, maxFailures: 1 }));
    expect(result).toMatchObject({ migrated: 11, failed: [{ tenant: 't10' }] });
    expect(await held('job')).toHaveLength(12);
  });

  it('are shown by a dry run where the migrations keep the tables as they are', async () => {
    const plan = async () => (await place.schemas(['t10'], { policies, dryRun: true })).planned[0]?.sql ?? '';
    expect(await plan()).toContain('-- the policies of the tables as they are then are compiled here');
    await place.schemas(['t10']);
    await place.file('0002_index.sql', 'create index on job (id)');
    const sql = await plan();
    expect(sql).toContain('CREATE POLICY tenancy_isolation ON "t10"."job"');
    expect(await held('job')).toEqual([{ schema: 't10', policies: 0 }]);
    // It is what would be sent.
    await place.client.query(sql);
    expect(await held('job')).toEqual([{ schema: 't10', policies: 2 }]);
    expect(await place.schemas(['t10'], { policies })).toMatchObject({ current: 1 });
  });
});
