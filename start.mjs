// `pnpm start`, before the example itself: looks at the port, and builds what is older than its sources. A second start is
// quick, and leaves what the first one runs on alone. Plain JavaScript, because nothing is built yet.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

const root = import.meta.dirname;

/** As the example says it when it finds out by itself. */
async function refuseTakenPort() {
  const port = Number(process.env.PORT || 3000);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return;
  const answers = (host) =>
    new Promise((resolve) => {
      const socket = connect(port, host);
      socket
        .once('error', () => resolve(false))
        .once('connect', () => {
          socket.destroy();
          resolve(true);
        });
    });
  if (!(await Promise.all(['127.0.0.1', '::1'].map(answers))).includes(true)) return;
  console.error(
    `Port ${port} is taken: another program listens there, perhaps an earlier start of this one. ` +
      `Stop it, or choose another port: PORT=${port === 65_535 ? 3000 : port + 1} npx --yes pnpm@12 start`,
  );
  process.exit(1);
}

/** Time of the last change of these files and folders, in milliseconds; 0 where there is none. */
function changed(...paths) {
  return Math.max(
    0,
    ...paths.map((path) => {
      const file = join(root, path);
      if (!existsSync(file)) return 0;
      const stat = statSync(file);
      if (!stat.isDirectory()) return stat.mtimeMs;
      return changed(
        ...readdirSync(file)
          .filter((name) => name !== 'generated')
          .map((name) => join(path, name)),
      );
    }),
  );
}

function pnpm(...args) {
  const { status } = spawnSync('pnpm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
}

await refuseTakenPort();

const common = changed('pnpm-lock.yaml', 'tsconfig.base.json', 'tsup.base.ts');
// Declarations are what a build writes last, so one that was interrupted is not taken for a whole one.
const built = (name) => changed(`packages/${name}/dist/index.d.ts`);
const sources = (name) =>
  changed(...['src', 'package.json', 'tsup.config.ts'].map((part) => `packages/${name}/${part}`));
const packages = readdirSync(join(root, 'packages'));
if (packages.some((name) => built(name) < Math.max(common, sources(name)))) {
  console.log('Building the packages, which takes about half a minute …');
  pnpm('build');
}

const example = 'examples/hiring-platform';
const parts = ['src', 'prisma', 'prisma.config.ts', 'package.json', 'tsconfig.build.json'].map(
  (part) => `${example}/${part}`,
);
if (changed(`${example}/dist/main.js`) < Math.max(common, changed(...parts), ...packages.map(built))) {
  console.log('Building the example …');
  pnpm('--filter', 'hiring-platform', 'build');
}
