// Provisions a tenant until it is done, or killed with -9.
import { provisionTenant, TenantDirectory, tenantPlaces } from '@tenancy/postgres/tenants';

const { connection, at, role, folder, prefix, slug, kind } = JSON.parse(process.argv[2]);
const directory = new TenantDirectory({ connection: at });
const places = tenantPlaces({
  ...{ servers: { main: { connection } }, role, migrations: folder },
  ...{ database: ({ id }) => prefix + id, schema: ({ id }) => `s_${id}` },
});
await directory.findBySlug(slug);
process.stdout.write('begun\n');
await provisionTenant({
  ...{ directory, places, tenant: { slug }, at: { server: 'main', kind } },
  seed: async (client, { id }) => {
    for (const title of ['first', 'second']) {
      await client.query('insert into job (tenant_id, title) values ($1, $2)', [id, title]);
    }
  },
});
await directory.close();
