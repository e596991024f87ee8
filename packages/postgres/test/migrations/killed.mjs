// Runs migrations in the schema of each tenant until it is killed from outside.
import { eachSchema, migrate } from '@tenancy/postgres/migrations';

const { url, directory, tenants } = JSON.parse(process.argv[2]);
const targets = eachSchema({ tenants: tenants.map((id) => ({ id, slug: id })), name: ({ id }) => id });
process.stdout.write('begun\n');
await migrate({ connection: url, directory, targets, workers: 3 });
process.stdout.write('done\n');
