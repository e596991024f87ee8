import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenancy-closing-line-'));
  // Files of a run of its own, of which only the outcome counts: what they test is nothing.
  const files = {
    'passes.test.mjs': `it('passes', () => {}); it.skip('is skipped', () => {});`,
    'fails.test.mjs': `it('passes', () => {}); it('fails', () => { throw new Error('no'); });`,
    'hook.test.mjs': `describe('a suite', () => { beforeAll(() => { throw new Error('no'); }); it('never ran', () => {}); });`,
    'broken.test.mjs': `throw new Error('does not load');`,
    'broken.config.mjs': `export default { test: { globalSetup: ['setup.mjs'] } };`,
    'setup.mjs': `export default () => { throw new Error('spawn ENOENT'); };`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

/** The last line and the exit code of a run of its own, as a shell would see them. */
async function run(...args: readonly string[]): Promise<[string | undefined, number | null]> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$|NODE_ENV$)/.test(name));
  const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
  const reporter = join(import.meta.dirname, 'closing-line.ts');
  const options = ['--root', folder, '--globals', '--reporter', 'default', '--reporter', reporter];
  const child = spawn(process.execPath, [vitest, 'run', ...options, ...args], {
    cwd: folder,
    env: Object.fromEntries(inherited),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  return [output.trim().split('\n').at(-1), code];
}

it.each<[string, readonly string[], string, number]>([
  ['what passed and was skipped', ['passes'], '1 passed, 0 failed, 1 skipped', 0],
  ['what failed', ['fails'], '1 passed, 1 failed, 0 skipped', 1],
  ['N5: a hook that failed', ['hook'], '0 passed, 1 failed, 1 skipped', 1],
  ['N5: a file that does not load', ['broken'], '0 passed, 1 failed, 0 skipped', 1],
  ['N5: a set-up that failed', ['passes', '--config', 'broken.config.mjs'], '0 passed, 1 failed, 0 skipped', 1],
  ['N5: that there was nothing to run', ['nowhere', '--passWithNoTests'], '0 passed, 1 failed, 0 skipped', 1],
])('the closing line tells %s', async (_, args, line, code) => {
  expect(await run(...args)).toEqual([line, code]);
});
