// A process that starts a server, says where it is, and ends in the way its argument names.
import { startPostgres } from '@tenancy/testing/postgres';

// `exit-after-50`: while the server is still being made.
const [, delay] = /^exit-after-(\d+)$/.exec(process.argv[2]) ?? [];
if (delay) setTimeout(() => process.exit(0), Number(delay));

const { url } = await startPostgres();
process.stdout.write(`${url}\n`);
switch (process.argv[2]) {
  case 'exit':
    process.exit(0);
    break;
  case 'end':
    break;
  case 'throw':
    throw new Error('an owner that crashes');
  default:
    // Until it is killed, or the test that started it is gone.
    process.stdin.on('end', () => process.exit(0)).resume();
}
