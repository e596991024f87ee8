// `pnpm fuzz prisma|typeorm [--seed N] [--operations N]`: the oracle of a package for longer than its tests run it. Each run has
// another seed, which is printed first; the same seed does the same again.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    // In each of the package's settings.
    operations: { type: 'string', default: '7000' },
  },
});
const [project = ''] = positionals;
if (!['prisma', 'typeorm'].includes(project)) {
  console.error('There is an oracle for: prisma, typeorm.');
  process.exit(1);
}
console.log(`seed ${values.seed}`);
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.workspace.ts', '--project', project, 'test/oracle'],
  { stdio: 'inherit', env: { ...process.env, FUZZ_SEED: values.seed, FUZZ_OPERATIONS: values.operations } },
);
process.exit(status ?? 1);
