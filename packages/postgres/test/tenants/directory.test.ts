import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { DirectoryDatabase } from '../../src/tenants/directory/directory-database.js';
import { Operation } from '../../src/tenants/operations/operation.js';
import { tenantTables } from '../../src/tenants/places/tenant-tables.js';
import { isTenantsError, TenantDirectory, tenantPlaces } from '../../src/tenants.js';

describe('the directory of tenants', () => {
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let directory: TenantDirectory;
  let outside: pg.Pool;

  beforeAll(async () => {
    database = await createDatabase(inject('postgresUrl'));
    outside = new pg.Pool({ connectionString: database.url, max: 3 });
    directory = new TenantDirectory({ connection: database.url });
    await expect(directory.findById('t_1')).rejects.toThrow(/directory_missing.*install\(\)/s);
    await directory.install();
    await directory.install();
  });

  afterAll(async () => {
    await directory.close();
    await outside.end();
    await database.stop();
  });

  it('is a registry of what it was told', async () => {
    const acme = await directory.create({ slug: 'Acme', name: 'Acme Inc.', plan: 'free', settings: { seats: 3 } });
    expect(acme).toMatchObject({
      id: expect.stringMatching(/^t_[0-9a-z]{16}$/),
      slug: 'acme',
      status: 'active',
      settings: { seats: 3 },
      place: { server: 'main', kind: 'rows', name: null },
    });
    expect(await directory.findById(acme.id)).toEqual(acme);
    expect(await directory.findBySlug('acme')).toEqual(acme);
    expect(await directory.findBySlug('acme2')).toBeNull();
    const listed = [];
    for await (const tenant of directory.list()) listed.push(tenant.id);
    expect(listed).toEqual([acme.id]);
  });

  it("keeps an old slug as an alias, which is never another tenant's", async () => {
    const { id } = await directory.create({ slug: 'old' });
    await directory.rename(id, 'new');
    expect(await directory.findBySlug('old')).toBeNull();
    expect(await directory.findByFormerSlug('old')).toMatchObject({ id, slug: 'new' });
    expect(await directory.findByFormerSlug('new')).toBeNull();
    await expect(directory.create({ slug: 'old' })).rejects.toThrow(/tenant_exists/);
    const other = await directory.create({ slug: 'other' });
    await expect(directory.rename(other.id, 'old')).rejects.toThrow(/tenant_exists/);
    expect(await directory.rename(id, 'old')).toMatchObject({ id, slug: 'old' });
  });

  it.each(['\u0430cme', 'acm\u03b5', '', 'a.b', '-a', 'a-', 'a_b', 'xn--bcher-kva', 'www', 'a'.repeat(64), 'a b', 5])(
    'refuses the slug %j',
    async (slug) => {
      await expect(directory.create({ slug: slug as string })).rejects.toSatisfy((error) =>
        isTenantsError(error, 'tenant_name_unusable'),
      );
    },
  );

  it('keeps a slug in the letters in which hosts have it, so that no two have one address', async () => {
    await directory.create({ slug: 'wide' });
    for (const slug of ['ｗｉｄｅ', 'ＷＩＤＥ', 'wｉde', 'ⓦide']) {
      await expect(directory.create({ slug })).rejects.toThrow(/tenant_exists/);
    }
    expect((await directory.create({ slug: 'ﬂow' })).slug).toBe('flow');
    for (const slug of ['a。b', 'ｘｎ--ｗｉｄｅ', 'ｗｗｗ'])
      await expect(directory.create({ slug })).rejects.toThrow(/tenant_name_unusable/);
  });

  it('takes slugs of other alphabets, and refuses what PostgreSQL would not keep', async () => {
    for (const slug of [
      '\u043a\u043e\u043c\u043f\u0430\u043d\u0438\u044f',
      'caf\u00e9',
      '\u682a\u5f0f\u4f1a\u793e-jp',
    ]) {
      expect((await directory.create({ slug })).slug).toBe(slug);
    }
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const { id } = await directory.create({ slug: 'odd-values' });
    for (const settings of [{ a: 'x\0y' }, { a: '\ud800' }, circle, { a: 1n }, { toJSON: () => 'text' }, []]) {
      await expect(directory.update(id, { settings: settings as never })).rejects.toThrow(/tenant_settings_refused/);
      await expect(directory.create({ slug: 'odd', settings: settings as never })).rejects.toThrow(
        /tenant_settings_refused/,
      );
    }
    const kept = { a: '\\u0000 is written with a backslash', b: '\u{1f600}', c: [null] };
    expect((await directory.update(id, { settings: kept })).settings).toEqual(kept);
    for (const name of ['x\0', '\udfff', 5]) {
      await expect(directory.update(id, { name: name as string })).rejects.toThrow(/tenant_settings_refused/);
    }
    await expect(directory.update(id, (async () => ({ name: 'late' })) as never)).rejects.toThrow(
      /floor_misconfigured/,
    );
    for (const other of ['', 'a\0b', 'x'.repeat(256), '\ud800', 5]) {
      await expect(directory.create({ slug: 'odd', id: other as string })).rejects.toThrow(/tenant_name_unusable/);
    }
    const place = { server: 'main', kind: 'schema', name: null } as const;
    await expect(directory.create({ slug: 'odd', place })).rejects.toThrow(/floor_misconfigured.*`place`/);
    await expect(directory.search({ status: 'gone' as never })).rejects.toThrow(/floor_misconfigured.*`status`/);
  });

  it('takes no two ids that are one value in a column of numbers or of UUIDs', async () => {
    const uuid = 'abcdef11-1111-4111-8111-111111111111';
    const spellings = {
      '77': ['077', '+77', ' 77', '77\n'],
      '9007199254740993': ['09007199254740993'],
      [uuid]: [uuid.toUpperCase(), `{${uuid}}`, uuid.replaceAll('-', '')],
    };
    let n = 0;
    for (const [id, others] of Object.entries(spellings)) {
      n += 1;
      await directory.create({ id, slug: `spelt-${n}` });
      for (const other of others) {
        await expect(directory.create({ id: other, slug: `spelt-other-${n}` })).rejects.toThrow(/tenant_exists/);
      }
    }
    for (const id of ['0x4d', '0b1001101', '7_7', '0o115']) {
      await expect(directory.create({ id, slug: 'spelt' })).rejects.toThrow(/tenant_name_unusable/);
    }
    // Texts that only look a little like it.
    for (const [index, id] of [
      '007-bond',
      '0xfeedface00000000000000000000000000000001',
      'ABC',
      'abc',
      '7.0',
    ].entries()) {
      expect((await directory.create({ id, slug: `text-${index}` })).id).toBe(id);
    }
  });

  it('leads from one state into another, and not from every one', async () => {
    const { id } = await directory.create({ slug: 'states' });
    expect((await directory.suspend(id)).status).toBe('suspended');
    expect((await directory.suspend(id)).status).toBe('suspended');
    expect((await directory.findById(id))?.status).toBe('suspended');
    expect((await directory.resume(id)).status).toBe('active');
    const half = await directory.create({ slug: 'half', status: 'provisioning' });
    expect(await directory.findById(half.id)).toBeNull();
    await expect(directory.suspend(half.id)).rejects.toThrow(/tenant_state_refused.*provisioning/s);
    await expect(directory.suspend('t_nobody')).rejects.toThrow(/tenant_unknown/);
  });

  it('writes in the transaction of its caller', async () => {
    const client = await outside.connect();
    await client.query('begin');
    const { id } = await directory.create({ slug: 'undone' }, { on: client });
    await client.query('rollback');
    client.release();
    expect(await directory.findById(id)).toBeNull();
    expect((await directory.create({ slug: 'undone' })).slug).toBe('undone');
  });

  it('gives nobody rights on its tables', async () => {
    await outside.query(`alter default privileges grant all on tables to public`);
    await directory.install();
    const { rows } = await outside.query(
      `select c.relname from pg_class c, aclexplode(c.relacl) a where c.relnamespace = 'tenancy'::regnamespace and c.relkind = 'r' and a.grantee = 0`,
    );
    expect(rows).toEqual([]);
  });

  it('has one operation at a time for each tenant, which goes on where it was', async () => {
    const tables = new DirectoryDatabase(database.url, 'tenancy');
    const { id: tenant } = await directory.create({ slug: 'moved' });
    const [first, second] = [await outside.connect(), await outside.connect()];
    try {
      const begun = { tenant, kind: 'move' as const, definition: { to: 'b', a: 1 } as object, state: { rows: 0 } };
      const operation = await Operation.begin(tables, first, begun);
      await operation.done('copied', { rows: 5 });
      await expect(Operation.begin(tables, second, begun)).rejects.toThrow(/tenant_busy/);
      await first.query('select pg_advisory_unlock_all()');
      const again = await Operation.begin(tables, second, { ...begun, definition: { a: 1, to: 'b' } });
      expect([again.isResumed, again.step, again.state]).toEqual([true, 'copied', { rows: 5 }]);
      await second.query('select pg_advisory_unlock_all()');
      await expect(Operation.begin(tables, first, { ...begun, kind: 'delete' })).rejects.toThrow(/tenant_busy.*move/s);
      await expect(Operation.begin(tables, second, { ...begun, definition: { to: 'c' } })).rejects.toThrow(
        /tenant_busy/,
      );
      await first.query('select pg_advisory_unlock_all()');
      await expect(Operation.begin(tables, second, { ...begun, definition: { to: 'c' } })).rejects.toThrow(
        /operation_differs/,
      );
      await again.end();
      await second.query('select pg_advisory_unlock_all()');
      expect((await Operation.begin(tables, first, { ...begun, kind: 'delete' })).isResumed).toBe(false);
    } finally {
      first.release();
      second.release();
      await tables.end();
    }
  });

  it('finds the tables of a tenant, parents first', async () => {
    await outside.query(`create table country (code text primary key);
      create table company (id text primary key);
      create table job (tenant_id text not null references company, id int, country text references country, primary key (tenant_id, id));
      create table a_note (tenant_id text not null, id int primary key, job_id int, twice int generated always as (job_id * 2) stored,
        foreign key (tenant_id, job_id) references job);
      create schema tenant_x; create table tenant_x.job (id int primary key)`);
    const places = tenantPlaces({
      servers: { main: { connection: database.url } },
      role: 'app',
      migrations: 'migrations',
      policies: { shared: ['country'], tables: [{ name: 'company', tenantColumn: 'id' }] },
    });
    const client = await outside.connect();
    try {
      const inRows = await tenantTables(client, { server: 'main', kind: 'rows', name: null }, places);
      expect(inRows.map(({ name, tenantColumn, key }) => [name, tenantColumn, key])).toEqual([
        ['company', 'id', ['id']],
        ['job', 'tenant_id', ['tenant_id', 'id']],
        ['a_note', 'tenant_id', ['id']],
      ]);
      expect(inRows[2]?.columns.map(({ name }) => name)).toEqual(['tenant_id', 'id', 'job_id']);
      const inSchema = await tenantTables(client, { server: 'main', kind: 'schema', name: 'tenant_x' }, places);
      expect(inSchema).toMatchObject([{ schema: 'tenant_x', name: 'job', tenantColumn: null }]);
    } finally {
      client.release();
    }
    expect(places.connectionTo({ server: 'main', kind: 'database', name: 'a b' }).connectionString).toMatch(/\/a%20b$/);
    expect(() => places.placeFor({ id: 't', slug: 't' }, { server: 'elsewhere', kind: 'rows' })).toThrow(
      /place_unknown/,
    );
  });
});
