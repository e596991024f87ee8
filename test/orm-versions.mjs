// `pnpm orm-versions`: an application on every version of TypeORM and Prisma that the peer ranges name and that is published.
import { execFileSync, spawnSync } from 'node:child_process';

const published = (name, pattern) =>
  JSON.parse(execFileSync('npm', ['view', name, 'versions', '--json'], { encoding: 'utf8' })).filter((version) =>
    pattern.test(version),
  );
const ORM_VERSIONS = JSON.stringify({
  typeorm: published('typeorm', /^(0\.3\.[2-9]\d|1\.\d+\.\d+)$/),
  prisma: published('@prisma/client', /^7\.\d+\.\d+$/),
});
console.log(ORM_VERSIONS);
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.workspace.ts', '--reporter', 'verbose'];
const { status } = spawnSync(process.execPath, [...vitest, '--project', 'consumers', 'orm-versions'], {
  stdio: 'inherit',
  env: { ...process.env, ORM_VERSIONS },
});
process.exit(status ?? 1);
