import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { Place } from './place.js';

/** A project over tables of two tenants, `tenant-1` and `tenant-2` with the ids `1` and `2`, each of whom has three jobs. */
export interface TenantsPlace {
  readonly place: Place;
  stop(): Promise<void>;
}

export async function tenantsPlace(): Promise<TenantsPlace> {
  const place = await Place.open();
  const role = `app_${randomBytes(6).toString('hex')}`;
  await place.client.query(`create role ${role}`);
  await place.file(
    'migrations/1.sql',
    `create table job (tenant_id text not null, id int, title text, primary key (tenant_id, id));\n`,
  );
  await place.file(
    'tenancy.config.mjs',
    `import { defineConfig } from '@tenancy/cli';
import { TenantDirectory, tenantPlaces } from '@tenancy/postgres/tenants';
const connection = ${JSON.stringify(place.url)};
const places = tenantPlaces({ servers: { main: { connection } }, role: '${role}', migrations: 'migrations' });
export default defineConfig({
  connection, directory: 'migrations', policies: places.policies, tenants: { directory: new TenantDirectory({ connection }), places },
});\n`,
  );
  await place.file(
    'fill.mjs',
    `import config from './tenancy.config.mjs';
const { directory } = config.tenants;
await directory.install();
for (const id of ['1', '2']) await directory.create({ id, slug: 'tenant-' + id });
await directory.close();\n`,
  );
  expect(await place.process([process.execPath, 'fill.mjs'], {})).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await place.run('migrate')).toMatchObject({ code: 0 });
  await place.client.query(
    `insert into job select t, n, 'job ' || n from unnest(array['1', '2']) t, generate_series(1, 3) n`,
  );
  return {
    place,
    stop: async () => {
      await place.client.query(`drop owned by ${role}; drop role ${role}`);
      await place.stop();
    },
  };
}
