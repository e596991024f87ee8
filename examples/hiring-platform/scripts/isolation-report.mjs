// `pnpm isolation`: runs the proof, and leaves its report where the page /isolation shows it. Plain JavaScript, as nothing is built for it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const example = join(import.meta.dirname, '..');
const root = join(example, '../..');
const folder = join(example, 'isolation-report');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--config', 'vitest.workspace.ts', '--project', 'hiring-platform', 'test/isolation.long.test.ts'],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      ISOLATION_REPORT: join(folder, 'report.html'),
      ISOLATION_REPORT_JSON: join(folder, 'report.json'),
    },
  },
);
process.exit(status ?? 1);
