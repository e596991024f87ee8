// Adopts a database, until it is done or killed with -9.
import { adopt } from '@tenancy/postgres/changes';

const { connection, tables, policies } = JSON.parse(process.argv[2]);
await adopt({
  ...{ connection, tables, policies, type: 'bigint', until: 'enforce', batchTime: 10, maxShare: 1 },
  onProgress: ({ change, step, state }) => process.stdout.write(`${change}: ${step}: ${state}\n`),
});
