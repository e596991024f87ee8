import type { ClientBase } from 'pg';
import { quoteIdentifier } from '../../policies/quoting.js';
import type { DirectoryTenant } from '../directory/directory-tenant.js';
import { TenantsError } from '../tenants-error.js';
import { HeldSeed } from './held-seed.js';
import { type ProvisionTenantOptions, resolveProvisionOptions } from './provision-options.js';
import { runProvisioning } from './run-provisioning.js';

/**
 * Makes a tenant with all that it has: its place at the current version of the migrations, what `seed` writes, and its entry in the directory.
 * Nobody finds it before all of it is there. Where the directory is in the same database and the place's role may write it, all is one
 * transaction; else the place is committed first.
 *
 * What fails leaves nothing: no place, no entry, and the slug is free. A process that is killed leaves an entry that nobody finds; the same call
 * finishes it, and `seed` has written once; `abandonProvisioning` takes it back.
 *
 * @throws TenantsError `tenant_exists`, `tenant_name_unusable`, `tenant_settings_refused` as `directory.create`; `place_unknown`, `place_unusable`, `place_unreachable`;
 * `tenant_busy` while another process is at it, and `operation_differs` where one that was killed was begun with other options;
 * `operation_failed`, `operation_interrupted`. MigrationError as `migrate`, and what `seed` throws; for its statements `statement_refused` and
 * `tenant_switch_refused`, as of the tenant pool.
 * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
 *
 * @example
 * ```ts
 * import { provisionTenant, TenantDirectory, tenantPlaces } from '@tenancy/postgres/tenants';
 *
 * const connection = process.env.ADMIN_DATABASE_URL ?? 'postgres://maintenance@localhost/app';
 * const acme = await provisionTenant({
 *   directory: new TenantDirectory({ connection }),
 *   places: tenantPlaces({ servers: { main: { connection } }, role: 'app', migrations: 'migrations' }),
 *   tenant: { slug: 'acme', name: 'Acme Inc.' },
 *   at: { server: 'main', kind: 'schema' },
 *   seed: async (client, tenant) => {
 *     await client.query('insert into member (tenant_id, email) values ($1, $2)', [tenant.id, 'ada@acme.example']);
 *   },
 * });
 * ```
 */
export async function provisionTenant<Settings = Readonly<Record<string, unknown>>>(
  options: ProvisionTenantOptions<Settings>,
): Promise<DirectoryTenant<Settings>> {
  const { seed, ...resolved } = resolveProvisionOptions('provisionTenant', options);
  return runProvisioning({
    ...resolved,
    kind: 'provision',
    within:
      seed &&
      ((client, tenant, held) => {
        const { role } = resolved.places;
        const own = new HeldSeed(client, held, role);
        return asApplication(client, role, () => own.run((handed) => seed(handed, tenant)));
      }),
  });
}

async function asApplication(client: ClientBase, role: string, work: () => Promise<void>): Promise<void> {
  try {
    await client.query(`set local role ${quoteIdentifier(role)}`);
  } catch (cause) {
    throw new TenantsError(
      'place_unusable',
      `the role of the place's connection may not act as ${JSON.stringify(role)}, which the first rows are written as: ${(cause as Error).message}. ` +
        'Grant it that role.',
      { cause },
    );
  }
  await work();
  // Where the transaction has failed, whoever ends it finds out.
  await client.query('set local role none').catch(() => {});
}
