import 'reflect-metadata';
import { readSettings } from './settings/settings.js';
import { type Platform, startPlatform } from './start/start.js';
import { StartError } from './start/start-error.js';
import { welcome } from './start/welcome.js';

let platform: Platform | undefined;
let stopping = false;

// pnpm and the terminal may both send the signal, so a second one must not cut the first one short.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!stopping) stop();
  });
}

async function stop(): Promise<void> {
  stopping = true;
  // Before it is killed: `stop_grace_period` in compose.yaml.
  setTimeout(() => process.exit(1), 25_000).unref();
  await platform?.stop();
  // While it is still starting there is nothing to lose: the database ends with its owner.
  process.exit(0);
}

try {
  const settings = readSettings(process.env);
  platform = await startPlatform(settings);
  console.log(await welcome(platform, settings));
} catch (error) {
  await platform?.stop();
  console.error(error instanceof StartError ? error.message : error);
  process.exit(1);
}
