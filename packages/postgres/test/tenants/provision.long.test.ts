import type { ClientBase } from 'pg';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { PlaceKind } from '../../src/isolation/tenant-place.js';
import {
  abandonProvisioning,
  type DirectoryTenant,
  deleteTenant,
  type NewTenant,
  type ProvisionTenantOptions,
  provisionTenant,
  TenantDirectory,
} from '../../src/tenants.js';
import { forAllTests } from '../database/for-all-tests.js';
import { freePort } from '../database/free-port.js';
import { servers } from '../database/servers.js';
import { openProvisionDatabase } from './provision-database.js';

const KINDS: readonly PlaceKind[] = ['rows', 'schema', 'database'];

/** Tenants of the loop, of which every fifth fails; PROVISION_TENANTS is another number of them. */
const MANY = Number(process.env['PROVISION_TENANTS'] ?? 25);

describe.each(servers)('provisionTenant $title', (server) => {
  const database = forAllTests(() => openProvisionDatabase(server));
  const elsewhere = forAllTests(() => openProvisionDatabase(server));

  const provision = (slug: string, kind: PlaceKind, more: Partial<ProvisionTenantOptions> = {}) =>
    provisionTenant({
      directory: database.directory,
      places: database.places(),
      tenant: { slug },
      at: { server: 'main', kind },
      ...more,
    });
  const seed = async (client: ClientBase, { id }: DirectoryTenant) => {
    await client.query('insert into job (tenant_id, title) values ($1, $2)', [id, 'first']);
  };
  /** The jobs that the application sees as the tenant. */
  const jobsOf = async ({ id, place: { kind, name } }: DirectoryTenant, role = database) => {
    const client = await role.app(kind === 'database' ? (name as string) : undefined);
    try {
      await client.query(`select set_config('app.tenant_id', $1, false), set_config('search_path', $2, false)`, [
        id,
        kind === 'schema' ? `"${name}"` : 'public',
      ]);
      return (await client.query(`select tenant_id, title from job`)).rows;
    } finally {
      await client.end();
    }
  };

  it.each(KINDS)(
    'N18: makes a tenant with its place and its first rows, which nobody finds before all of it is there: %s',
    async (kind) => {
      const slug = `whole-${kind}`;
      let during: DirectoryTenant | null = null;
      const acme = await provision(slug, kind, {
        seed: async (client, tenant) => {
          await seed(client, tenant);
          during = await database.directory.findById(tenant.id);
          expect(await client.query('select current_user').then(({ rows }) => rows)).toEqual([
            { current_user: database.role },
          ]);
        },
      });
      expect(during).toBeNull();
      expect(acme).toMatchObject({ slug, status: 'active', name: slug, place: { server: 'main', kind } });
      expect(await database.directory.findBySlug(slug)).toEqual(acme);
      expect((await database.directory.show(acme.id)).events.map(({ kind: event }) => event)).toEqual(['created']);
      expect(await jobsOf(acme)).toEqual([{ tenant_id: acme.id, title: 'first' }]);
      // Another slug moves nothing.
      const renamed = await database.directory.rename(acme.id, `${slug}-labs`);
      expect(renamed.place).toEqual(acme.place);
      expect(await jobsOf(renamed)).toEqual([{ tenant_id: acme.id, title: 'first' }]);
      await expect(provision(slug, kind)).rejects.toThrow(/tenant_exists/);
    },
  );

  it.each(KINDS)(
    'leaves nothing of one that fails, in its rows, its seed, its migrations or its rights: %s',
    async (kind) => {
      const before = await database.traces();
      const slug = `failing-${kind}`;
      const other = async (client: ClientBase, tenant: DirectoryTenant) => {
        await seed(client, tenant);
        await seed(client, { ...tenant, id: 'another' });
      };
      // Where rows of many are side by side, the seed is held by their policies.
      if (kind !== 'schema') await expect(provision(slug, kind, { seed: other })).rejects.toThrow(/row-level security/);
      await expect(provision(slug, kind, { seed: async () => Promise.reject(new Error('full')) })).rejects.toThrow(
        'full',
      );
      const broken = {
        read: async () => [
          { name: '1', sql: 'create table job (tenant_id text, n int default 1 / 0); insert into job values (1)' },
        ],
      };
      await expect(provision(slug, kind, { places: database.places({ migrations: broken }) })).rejects.toThrow(
        /migration_failed|migration_removed|place_unusable/,
      );
      await expect(provision(slug, kind, { at: { server: 'far', kind } })).rejects.toThrow(/place_unknown/);
      await expect(provision(slug, kind, { signal: AbortSignal.abort() })).rejects.toThrow(
        /operation_interrupted: the signal ended it. Nothing is left/,
      );
      expect(await database.traces()).toEqual(before);
      await provision(slug, kind, { seed });
    },
  );

  it(`of ${MANY} tenants in a row, some of which fail, there is nothing of those and one of each other`, async () => {
    const light = {
      read: async () => [{ name: '1', sql: `create table job (tenant_id text, title text); create table log (n int)` }],
    };
    const places = database.places({ migrations: light });
    const before = await database.traces();
    const failing: string[] = [];
    const made: string[] = [];
    for (let n = 0; n < MANY; n += 1) {
      const isBad = n % 5 === 3;
      const run = provision(`many-${n}`, 'schema', {
        places,
        seed: async (client, tenant) => {
          await seed(client, tenant);
          if (isBad) await client.query('select 1 / 0');
        },
      });
      if (isBad)
        failing.push(
          await run.then(
            () => 'made',
            (error: Error) => error.message,
          ),
        );
      else made.push((await run).id);
    }
    expect(new Set(failing)).toEqual(new Set(['division by zero']));
    const more = (await database.traces()).filter((trace) => !before.includes(trace));
    expect(more.length).toBe(made.length * 4);
    for (const id of made)
      expect(more.filter((trace) => trace.includes(id))).toEqual([`ledger s_${id}`, `schema s_${id}`]);
    for (const id of made) await database.outside.query(`drop schema "s_${id}" cascade`);
  }, 3_600_000);

  it('is one transaction where the directory is in the same database, and in safe order where it is not', async () => {
    const far = { directory: elsewhere.directory };
    const fails = `create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'no event today'; end $$;
      create trigger refuse before insert on tenancy.event for each row execute function public.refuse()`;
    await Promise.all([database.outside.query(fails), elsewhere.outside.query(fails)]);
    const before = await database.traces();
    try {
      await expect(provision('same', 'schema', { seed })).rejects.toThrow('no event today');
      expect(await database.traces()).toEqual(before);
      // Its place is committed, and whoever asks again finds it and finishes.
      await expect(provision('far', 'rows', { seed, ...far })).rejects.toThrow('no event today');
      expect((await elsewhere.traces()).filter((trace) => trace.startsWith('tenant '))).toEqual([
        'tenant far provisioning',
      ]);
    } finally {
      const drop = 'drop function public.refuse() cascade';
      await Promise.all([database.outside.query(drop), elsewhere.outside.query(drop)]);
    }
    await expect(provision('far', 'schema', { seed, ...far })).rejects.toThrow(/operation_differs/);
    const tenant = await provision('far', 'rows', { seed, ...far });
    expect(await elsewhere.directory.findBySlug('far')).toEqual(tenant);
    expect(await jobsOf(tenant)).toEqual([{ tenant_id: tenant.id, title: 'first' }]);
  });

  it.each(['a/b', '../c', 'd?e#f', 'g%2Fh'])(
    'makes a database of a name that no path of a URL can say: %s',
    async (id) => {
      const [slug, places] = [`odd-${Buffer.from(id).toString('hex')}`, database.places()];
      const tenant = await provision(slug, 'database', { tenant: { slug, id }, seed });
      expect(tenant.place.name).toBe(database.prefix + id);
      const client = new pg.Client(places.connectionTo(tenant.place));
      await client.connect();
      const { rows } = await client.query('select current_database() as name, tenant_id from job');
      await client.end();
      expect(rows).toEqual([{ name: database.prefix + id, tenant_id: id }]);
      const { directory } = database;
      await deleteTenant({ directory, places, tenant: id, settleMillis: 0 });
      expect(await database.traces()).not.toContain(`database ${database.prefix}${id}`);
    },
  );

  it('says `place_unreachable` where the server of the place is down, and takes nothing back before it is there', async () => {
    const before = await database.traces();
    const down = Object.assign(new URL(database.url), { port: String(await freePort()) }).href;
    const places = database.places({ servers: { main: { connection: down } } });
    const unreachable = { name: 'TenantsError', code: 'place_unreachable' };
    await expect(provision('down', 'rows', { places })).rejects.toMatchObject(unreachable);
    expect(await database.traces()).toEqual(before);
    // As a process that was killed leaves it.
    const { directory } = database;
    const id = 'down';
    const place = { server: 'main', kind: 'rows' as const, name: null };
    await directory.create({ id, slug: id, place, status: 'provisioning' } as NewTenant);
    await database.outside.query(
      `insert into tenancy.operation (tenant_id, kind, step, definition, state) values ($1, 'provision', 'begun', '{}', '{"transaction": "3"}')`,
      [id],
    );
    await expect(abandonProvisioning({ directory, places, slug: 'down' })).rejects.toMatchObject(unreachable);
    await expect(
      provision('down', 'rows', { directory: new TenantDirectory({ connection: down }) }),
    ).rejects.toMatchObject(unreachable);
    await database.outside.query('delete from tenancy.operation where tenant_id = $1', [id]);
    await database.outside.query('delete from tenancy.tenant where id = $1', [id]);
    expect(await database.traces()).toEqual(before);
  });

  it('of two that make the same one at once, one makes it', async () => {
    const runs = await Promise.allSettled([1, 2, 3].map(() => provision('twice', 'schema', { seed })));
    expect(runs.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const run of runs) {
      if (run.status === 'rejected') expect(String(run.reason)).toMatch(/tenant_busy|tenant_exists/);
    }
    expect(await jobsOf((await database.directory.findBySlug('twice')) as DirectoryTenant)).toHaveLength(1);
  });

  it('works as roles of its own, without the rights of a superuser', async () => {
    const [owner, keeper] = [`${database.role}_owner`, `${database.role}_keeper`];
    const name = new URL(database.url).pathname.slice(1);
    await database.outside.query(`create role ${owner} login password 'p' createdb; create role ${keeper} login password 'p';
      grant create on database "${name}" to ${owner}; grant all on public.tenancy_migrations to ${owner}; grant ${database.role} to ${owner};
      grant usage on schema tenancy to ${keeper}; grant select, insert, update, delete on all tables in schema tenancy to ${keeper}`);
    const as = (role: string) => Object.assign(new URL(database.url), { username: role, password: 'p' }).href;
    const directory = new TenantDirectory({ connection: as(keeper) });
    try {
      const places = database.places({ servers: { main: { connection: as(owner) } } });
      for (const kind of ['schema', 'rows'] as const) {
        const tenant = await provision(`roles-${kind}`, kind, { directory, places, seed });
        expect(await jobsOf(tenant)).toHaveLength(1);
      }
      await database.outside.query(`revoke ${database.role} from ${owner}`);
      await expect(provision('roles-none', 'schema', { directory, places, seed })).rejects.toThrow(
        /place_unusable.*may not act as/s,
      );
    } finally {
      await directory.close();
      for (const role of [owner, keeper])
        await database.outside.query(`drop owned by ${role} cascade; drop role ${role}`);
    }
  });

  it('a place that somebody may connect to is its application role and nobody else', async () => {
    const { place } = await provision('closed', 'database');
    const stranger = `${database.role}_stranger`;
    await database.outside.query(`create role ${stranger} login password 'p'`);
    const url = Object.assign(new URL(database.url), {
      username: stranger,
      password: 'p',
      pathname: `/${place.name}`,
    }).href;
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    await expect(client.connect()).rejects.toThrow(/permission denied for database/);
    await database.outside.query(`drop role ${stranger}`);
  });
});
