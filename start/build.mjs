import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { changed } from './changed.mjs';

const EXAMPLE = 'examples/hiring-platform';
/** Files that every build reads. */
const COMMON = ['pnpm-lock.yaml', 'tsconfig.base.json', 'tsup.base.ts'];
/** The command is no part of the example. */
const UNUSED = ['cli', 'node_modules'];
const HINT =
  'Nothing was started. Undo what was changed in the sources since it last worked, or mend it, and start again.';

const packagesOf = (root) => readdirSync(join(root, 'packages')).filter((name) => !UNUSED.includes(name));

/**
 * Builds the JavaScript that the example imports of each package that is older than its sources: no CommonJS and no declarations, which
 * take ten times as long. Those stay as `pnpm build` has left them.
 */
export async function buildPackages(root, steps) {
  const old = packagesOf(root).filter((name) => !isFresh(root, name));
  if (old.length === 0) return;
  await steps.run(`Building ${old.map((name) => `@tenancy/${name}`).join(', ')}`, async (tell) => {
    let done = 0;
    // One after the other: each keeps both of two cores busy.
    for (const name of old) {
      tell(`${done} of ${old.length} built`);
      await steps.command(process.execPath, [join(root, 'node_modules/tsup/dist/cli-default.js')], {
        cwd: join(root, 'packages', name),
        env: { TENANCY_BUILD: 'run' },
        hint: HINT,
      });
      writeFileSync(stampOf(root, name), '');
      done += 1;
    }
  });
}

/** Compiles the example without a look at its types, which `pnpm typecheck` is for, and generates its Prisma client. */
export async function buildExample(root, steps) {
  const sources = ['src', 'prisma', 'prisma.config.ts', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
  const newest = changed(
    root,
    ...COMMON,
    ...sources.map((part) => `${EXAMPLE}/${part}`),
    // Its generator writes a part of the client.
    'packages/prisma/src',
  );
  const cwd = join(root, EXAMPLE);
  if (existsSync(join(cwd, 'dist/main.js')) && changed(root, '.start/built-example') >= newest) return;
  await steps.run('Building the example', async (tell) => {
    const PATH = [join(cwd, 'node_modules/.bin'), process.env.PATH].join(delimiter);
    tell('its Prisma client');
    const prisma = join(cwd, 'node_modules/prisma/build/index.js');
    await steps.command(process.execPath, [prisma, 'generate'], { cwd, env: { PATH }, hint: HINT });
    tell('its code');
    await steps.command(process.execPath, [join(root, 'start/compile.mjs')], { cwd, hint: HINT });
    writeFileSync(stampOf(root, 'example'), '');
  });
}

const stampOf = (root, name) => join(root, `.start/built-${name}`);

/** Built by a start since its sources were changed, or whole. */
function isFresh(root, name) {
  const newest = changed(
    root,
    ...COMMON,
    ...['src', 'package.json', 'tsup.config.ts'].map((part) => `packages/${name}/${part}`),
  );
  const code = changed(root, `packages/${name}/dist/index.js`);
  if (code === 0) return false;
  // Declarations are what a whole build writes last: without them it was interrupted, and its code is younger than the last start's.
  if (changed(root, `packages/${name}/dist/index.d.ts`) >= Math.max(newest, code)) return true;
  const started = changed(root, `.start/built-${name}`);
  return started >= Math.max(newest, code);
}
