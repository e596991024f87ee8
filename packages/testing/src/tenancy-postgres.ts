import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { developmentDatabase } from './postgres/development-database.js';
import { variablesOfOthers, withVariables } from './postgres/environment-file.js';

const FILE = '.env';

/** `tenancy-postgres`: PostgreSQL for an application that is being written, until Ctrl-C. */
async function main(): Promise<void> {
  const text = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
  const [other] = variablesOfOthers(text, ['DATABASE_URL', 'ADMIN_DATABASE_URL']);
  if (other !== undefined) {
    throw new Error(
      `${FILE} has the ${other} of a server that this command has not started. Use that server, or take the line away and run this again.`,
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

  export $(cat ${FILE})`);
  await ending;
  clearInterval(alive);
  await stop();
}

main().catch((error: unknown) => {
  console.error(`tenancy-postgres: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
