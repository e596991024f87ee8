import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { abandonProvisioning, type DirectoryTenant, isTenantsError, provisionTenant } from '../../src/tenants.js';
import { forAllTests } from '../database/for-all-tests.js';
import { servers } from '../database/servers.js';
import { openProvisionDatabase, type ProvisionDatabase, withDatabase } from './provision-database.js';

/** Kills, at random points, of each kind of place; PROVISION_KILLS is another number of them. */
const KILLS = Number(process.env['PROVISION_KILLS'] ?? 2);

describe.each(servers)('provisionTenant that is killed with -9 $title', (server) => {
  const here = forAllTests(() => openProvisionDatabase(server));
  const elsewhere = forAllTests(() => openProvisionDatabase(server));

  it.each([
    ['rows', 'same'],
    ['schema', 'another'],
    ['database', 'another'],
  ] as const)(
    `is taken back, ${KILLS} times, and nothing is left: %s, and the directory in the %s database`,
    async (kind, where) => {
      const home = where === 'same' ? here : elsewhere;
      const { prefix } = here;
      const start = (slug: string) => started(here, home, { slug, kind });
      const begin = performance.now();
      expect(await (await start(`kept-${kind}`)).gone).toEqual([0, null]);
      const duration = performance.now() - begin;
      const traces = async () => [...(await here.traces()), ...(await home.traces())];
      for (let n = 1; n <= KILLS; n += 1) {
        const before = await traces();
        const slug = `abandoned-${kind}-${n}`;
        const run = await start(slug);
        await sleep(duration * Math.random());
        run.kill();
        await run.gone;
        const asked = { directory: home.directory, places: here.places() };
        const code = await abandonProvisioning({ ...asked, slug }).then(
          () => 'abandoned',
          (error: unknown) => (isTenantsError(error) ? error.code : String(error)),
        );
        const tenant = await home.directory.findBySlug(slug);
        if (tenant) {
          // It was killed after its last commit.
          expect(code).toBe('tenant_unknown');
          continue;
        }
        if (code === 'tenant_state_refused') {
          // The place was made, and the entry was not: the same call finds that there is nothing to do but to enter it.
          await provisionTenant({ ...asked, tenant: { slug }, at: { server: 'main', kind } });
          expect(await home.directory.findBySlug(slug)).toMatchObject({ slug });
          continue;
        }
        expect(['abandoned', 'tenant_unknown']).toContain(code);
        expect(await traces()).toEqual(before);
        const databases = 'select from pg_database where datconnlimit <> -1 and starts_with(datname, $1)';
        expect((await here.outside.query(databases, [prefix])).rows).toEqual([]);
      }
    },
    3_600_000,
  );

  it.each([
    ['rows', 'same'],
    ['rows', 'another'],
    ['schema', 'same'],
    ['schema', 'another'],
    ['database', 'another'],
  ] as const)(
    `is finished by the next one, ${KILLS} times, and nothing is twice, half or left: %s, and the directory in the %s database`,
    async (kind, where) => {
      const home = where === 'same' ? here : elsewhere;
      const { prefix } = here;
      const start = (slug: string) => started(here, home, { slug, kind });
      const whole = await start(`whole-${kind}`);
      const begin = performance.now();
      expect(await whole.gone).toEqual([0, null]);
      const duration = performance.now() - begin;
      const points = new Set<string>();
      for (let n = 1; n <= KILLS; n += 1) {
        const slug = `killed-${kind}-${n}`;
        const run = await start(slug);
        await sleep(duration * Math.random());
        run.kill();
        await run.gone;
        const state = `select coalesce((select t.status || o.state::text from tenancy.tenant t left join tenancy.operation o on o.tenant_id = t.id where slug = $1), '') as state`;
        points.add((await home.outside.query(state, [slug])).rows[0].state.replaceAll(/[0-9]+/g, 'n'));
        await provisionTenant({
          ...{ directory: home.directory, places: here.places(), tenant: { slug }, at: { server: 'main', kind } },
          seed: async (client, { id }) => {
            for (const title of ['first', 'second'])
              await client.query('insert into job (tenant_id, title) values ($1, $2)', [id, title]);
          },
        }).catch((error: unknown) => {
          // It was killed after its last commit.
          if (!isTenantsError(error, 'tenant_exists')) throw error;
        });
        const tenant = (await home.directory.findBySlug(slug)) as DirectoryTenant;
        expect((await home.directory.show(tenant.id)).events).toHaveLength(1);
        const { name } = tenant.place;
        const client = await here.app(kind === 'database' ? (name as string) : undefined);
        await client.query(`select set_config('app.tenant_id', $1, false), set_config('search_path', $2, false)`, [
          tenant.id,
          kind === 'schema' ? `"${name}"` : 'public',
        ]);
        const { rows } = await client.query('select title, tenant_id from job order by id');
        await client.end();
        expect(rows).toEqual(['first', 'second'].map((title) => ({ title, tenant_id: tenant.id })));
        const places = [...(await here.traces()), ...(await home.traces())].filter((trace) =>
          /^(schema|database|operation) /.test(trace),
        );
        const named = new Set(places.map((trace) => trace.split(' ')[1]));
        const owners = (
          await Promise.all(
            [here, elsewhere].map(
              async ({ outside }) => (await outside.query(`select place ->> 'name' as name from tenancy.tenant`)).rows,
            ),
          )
        ).flat();
        expect([...named].filter((place) => !owners.some((owner) => owner.name === place))).toEqual([]);
        expect(
          (
            await here.outside.query(`select from pg_database where datconnlimit <> -1 and starts_with(datname, $1)`, [
              prefix,
            ])
          ).rows,
        ).toEqual([]);
      }
      if (KILLS > 15) expect(points.size).toBeGreaterThan(2);
      if (process.env['PROVISION_KILLS']) console.log(kind, where, [...points]);
    },
    3_600_000,
  );

  it('is taken back, and finished, while the server is still at the CREATE DATABASE of the killed process', async () => {
    for (const end of [abandonProvisioning, provisionTenant]) {
      const slug = `still-made-${end.name.toLowerCase()}`;
      const before = await here.traces();
      // CREATE DATABASE waits for those who are connected to its template, and goes on when its client is gone.
      const template = new pg.Client({ connectionString: withDatabase(here.url, 'template1') });
      await template.connect();
      const run = await started(here, here, { slug, kind: 'database' });
      const making = `select from pg_stat_activity where query ilike $1 || '%' and state = 'active'`;
      const isMaking = async () =>
        (await here.outside.query(making, [`create database "${here.prefix}`])).rows.length > 0;
      while (!(await isMaking())) await sleep(10);
      run.kill();
      await run.gone;
      const isHeld = `select from pg_locks where locktype = 'advisory' and granted and objid in (select hashtextextended('@tenancy operation ' || id, 0) & 4294967295 from tenancy.tenant where status = 'provisioning')`;
      while ((await here.outside.query(isHeld)).rows.length > 0) await sleep(10);
      const asked = { directory: here.directory, places: here.places() };
      const ended =
        end === abandonProvisioning
          ? abandonProvisioning({ ...asked, slug })
          : provisionTenant({ ...asked, tenant: { slug }, at: { server: 'main', kind: 'database' } });
      // It has looked for the database by then, or waits for it.
      await Promise.race([ended, sleep(1_500)]);
      await template.end();
      await ended;
      while (await isMaking()) await sleep(10);
      const more = (await here.traces()).filter((trace) => trace.startsWith('database ') && !before.includes(trace));
      expect(more).toHaveLength(end === abandonProvisioning ? 0 : 1);
    }
  });
});

/** A process that provisions a tenant in `here`, with the directory of `home`, and has begun. */
async function started(here: ProvisionDatabase, home: ProvisionDatabase, what: { slug: string; kind: string }) {
  const { url, prefix, role, folder } = here;
  const given = JSON.stringify({ connection: url, at: home.url, role, folder, prefix, ...what });
  const child = spawn(process.execPath, [join(import.meta.dirname, 'provision-killed.mjs'), given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  await Promise.race([once(child.stdout, 'data'), gone]);
  return { gone, kill: () => child.kill('SIGKILL') };
}
