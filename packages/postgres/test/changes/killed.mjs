// Makes a change until it is done, or killed with -9.
import { change } from '@tenancy/postgres/changes';

const { connection, name, wanted } = JSON.parse(process.argv[2]);
await change({
  ...{ connection, name, change: wanted, batchTime: 10 },
  onProgress: ({ step, state }) => process.stdout.write(`${step}: ${state}\n`),
});
