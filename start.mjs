// `pnpm start`: from a fresh clone, or from a changed one, to the example that runs. It installs what the example runs on and builds
// what is older than its sources, so a second start takes seconds. Plain JavaScript on Node alone, because nothing is installed yet.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { alone } from './start/alone.mjs';
import { buildExample, buildPackages } from './start/build.mjs';
import { install } from './start/install.mjs';
import { refuseTakenPort } from './start/port.mjs';
import { Steps } from './start/steps.mjs';

const root = import.meta.dirname;
const example = join(root, 'examples/hiring-platform');
// An image is built without being started.
const isForAnImage = process.argv.includes('--prepare');

if (!isForAnImage) await refuseTakenPort();
const steps = new Steps();
await alone(root, steps, async () => {
  await install(root, steps);
  await buildPackages(root, steps);
  await buildExample(root, steps);
});
if (isForAnImage) process.exit(0);
steps.announce('Starting PostgreSQL and the application …');
steps.release();
process.chdir(example);
await import(pathToFileURL(join(example, 'dist/main.js')).href);
