// A process that moves a tenant, or ends a move, to be killed at whatever it is doing.
import {
  abandonMove,
  finishMove,
  isTenantsError,
  moveTenant,
  TenantDirectory,
  tenantPlaces,
} from '@tenancy/postgres/tenants';

const { work, servers, role, sql, tenant, to, database } = JSON.parse(process.argv[2]);
const directory = new TenantDirectory({ connection: servers.main.connection });
const migrations = { read: async () => [{ name: '1', sql }] };
const places = tenantPlaces({ servers, role, migrations, policies: { shared: ['country'] }, database: () => database });
const options = { directory, places, tenant };
process.stdout.write('begun\n');
const works = {
  move: () => moveTenant({ ...options, to, longestStopMillis: 10_000 }),
  finish: () => finishMove(options),
  abandon: () => abandonMove(options),
};
await works[work]().catch((error) => {
  // The one that was killed had not begun, or had ended.
  if (work === 'move' || !isTenantsError(error, 'tenant_state_refused')) throw error;
});
await directory.close();
