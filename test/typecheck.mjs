// Type-checks every project with the TypeScript that builds it, and with the next major, which some users have already.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const projects = [
  '.',
  'benchmarks',
  'docs',
  'test/census',
  ...['packages', 'examples'].flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`)),
]
  .map((folder) => `${folder}/tsconfig.json`)
  .filter((file) => existsSync(file));

let failed = false;
for (const compiler of ['typescript', 'typescript-7']) {
  for (const project of projects) {
    const { status } = spawnSync(process.execPath, [`node_modules/${compiler}/bin/tsc`, '-p', project], {
      stdio: 'inherit',
    });
    if (status !== 0) failed = true;
    console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${compiler.padEnd(12)} ${project}`);
  }
}
process.exit(failed ? 1 : 0);
