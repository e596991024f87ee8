// `pnpm fuzz prisma|typeorm [--seed N] [--schemas N] [--operations N] [--minutes N] [--setting NAME]`: the oracles of a package
// for longer than its tests run them. Each run has another seed, which is printed first; the same seed does the same again.
// Counts are printed by setting, schema, verdict and reason at the end; a finding comes as the smallest call that shows it.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    // Of the oracle that makes its schemas itself.
    schemas: { type: 'string', default: '56' },
    // In each of the package's settings; the oracle over one schema does a third of them.
    operations: { type: 'string', default: '21000' },
    // After so long no further operation begins.
    minutes: { type: 'string', default: '60' },
    // One of them alone, by its name.
    setting: { type: 'string', default: '' },
  },
});
const [project = ''] = positionals;
if (!['prisma', 'typeorm'].includes(project)) {
  console.error('There are oracles for: prisma, typeorm.');
  process.exit(1);
}
console.log(`seed ${values.seed}`);
const run = (folder, operations) =>
  spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.workspace.ts', '--project', project, folder],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        FUZZ_SEED: values.seed,
        FUZZ_OPERATIONS: String(operations),
        FUZZ_SCHEMAS: values.schemas,
        FUZZ_MINUTES: values.minutes,
        FUZZ_SETTING: values.setting,
      },
    },
  ).status ?? 1;
const operations = Number(values.operations);
const statuses = [run('test/schemas', operations), run('test/oracle', Math.ceil(operations / 3))];
process.exit(statuses.find((status) => status !== 0) ?? 0);
