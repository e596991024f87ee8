// Changes the table job until it is done, or killed with -9.
import { addColumn, change } from '@tenancy/postgres/changes';

const { connection, column, options } = JSON.parse(process.argv[2]);
await change({
  connection,
  change: addColumn({ table: { name: 'job' }, column, type: 'text', notNull: true, keepTrigger: false, ...options }),
  batchTime: 10,
  onProgress: ({ step, state }) => process.stdout.write(`${step}: ${state}\n`),
});
