// Exports or imports a tenant until it is done, or killed with -9.
import { exportTenant, importTenant, TenantDirectory, tenantPlaces } from '@tenancy/postgres/tenants';

const { servers, role, sql, databases, work, file, id, at } = JSON.parse(process.argv[2]);
const directory = new TenantDirectory({ connection: servers.main });
const places = tenantPlaces({
  servers: { main: { connection: servers.main }, eu2: { connection: servers.eu2 } },
  ...{ role, migrations: { read: async () => [{ name: '1', sql }] }, policies: { shared: ['country'] } },
  database: ({ id: tenant }) => `${tenant}_${databases}`,
});
await directory.findBySlug(id);
process.stdout.write('begun\n');
if (work === 'export') await exportTenant({ directory, places, tenant: id, file });
else await importTenant({ directory, places, file, tenant: { id, slug: id }, at });
await directory.close();
