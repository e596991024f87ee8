// Deletes a tenant, until it is done or killed with -9.
import { deleteTenant, TenantDirectory, tenantPlaces } from '@tenancy/postgres/tenants';

const { connection, tenant, policies } = JSON.parse(process.argv[2]);
const directory = new TenantDirectory({ connection });
const places = tenantPlaces({ servers: { main: { connection } }, role: 'app', migrations: 'migrations', policies });
process.stdout.write('begun\n');
const { removed } = await deleteTenant({
  ...{ directory, places, tenant, settleMillis: 0 },
  onProgress: ({ type, step, table, rows }) => process.stdout.write(`${step ?? `${type} ${table} ${rows}`}\n`),
});
process.stdout.write(`${JSON.stringify(removed)}\n`);
await directory.close();
