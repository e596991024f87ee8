import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { developmentDatabase } from './postgres/development-database.js';
import { portsOf, variablesOfOthers, withVariables } from './postgres/environment-file.js';

const FILE = '.env';
const NAMES = ['DATABASE_URL', 'ADMIN_DATABASE_URL'];

const USAGE = `tenancy-postgres starts a PostgreSQL of npm on a free port, with an empty database, until Ctrl-C. It takes no options.
It writes ADMIN_DATABASE_URL and DATABASE_URL into ${FILE} of this folder, and leaves its other lines as they are.`;

/** `tenancy-postgres`: PostgreSQL for an application that is being written, until Ctrl-C. */
async function main([option]: readonly string[]): Promise<void> {
  if (option === '--help' || option === '-h') {
    console.log(USAGE);
    return;
  }
  if (option !== undefined) throw new Error(`${option} is not known: there are no options. Nothing was started.`);
  const text = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
  const [other] = variablesOfOthers(text, NAMES);
  if (other !== undefined) {
    throw new Error(
      `${FILE} has the ${other} of a server that this command has not started. Use that server, or take the line away and run this again.`,
    );
  }
  for (const port of portsOf(text, NAMES)) {
    if (!(await isTaken(port))) continue;
    throw new Error(
      `${FILE} has the address of a server that is running, on port ${port}. Use it, or end it first. If it is another's, take the lines away.`,
    );
  }
  // From here on, so that nothing that is started outlives a signal that comes meanwhile.
  const ending = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  const alive = setInterval(() => {}, 60_000);
  const { urls, stop } = await developmentDatabase();
  writeFileSync(FILE, withVariables(text, urls), { mode: 0o600 });
  console.log(`PostgreSQL is running, with an empty database, until Ctrl-C: then all that is in it is gone.

${FILE} has its addresses: ADMIN_DATABASE_URL of the owner of the tables, for migrations and tests,
and DATABASE_URL of the role app, which policies hold, for the application. In another terminal:

  export $(grep -v '^#' ${FILE} | xargs)`);
  await ending;
  clearInterval(alive);
  await stop();
}

const isTaken = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`tenancy-postgres: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
