// `pnpm test:nodes`: the tests of `pnpm test` on every version of Node that is supported, each from its package of npm. What follows `--`
// goes to Vitest in place of that choice: `pnpm test:nodes -- --project core from-subdomain`; and `--node 22` takes that version alone.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The oldest minor that is supported of the oldest major, and the newest of the others. */
const VERSIONS = { 20: '^20.19.0', 22: '22', 24: '24' };
const root = join(import.meta.dirname, '..');
const tools = join(root, 'node_modules/.nodes');

function run(command, args, options) {
  return new Promise((resolve) => {
    let stdout = '';
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], ...options });
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      process.stdout.write(text);
    });
    child.once('error', (error) => resolve({ code: 1, stdout: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, stdout }));
  });
}

/** The folder with the binary of that version, which npm's package brings in itself: its scripts need not run. */
async function folderOf(major) {
  const host = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const name = `node-${host}`;
  const folder = join(tools, major);
  const bin = join(folder, 'node_modules', name, 'bin');
  if (!existsSync(bin)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const what = `${name}@${VERSIONS[major]}`;
    const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--force', what];
    const { code } = await run('npm', args, { cwd: folder, shell: process.platform === 'win32' });
    if (code !== 0) throw new Error(`npm has no ${what}.`);
  }
  return bin;
}

const given = process.argv.slice(2).filter((argument) => argument !== '--');
const chosen = given.includes('--node')
  ? given.splice(given.indexOf('--node'), 2)[1].split(',')
  : Object.keys(VERSIONS);
if (given.length === 0) given.push('--exclude', '**/*.long.test.ts');
const rows = [];
for (const major of chosen) {
  const bin = await folderOf(major);
  const node = join(bin, process.platform === 'win32' ? 'node.exe' : 'node');
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  // What a test starts by the name of npm's variable is to be this Node, too.
  env.npm_node_execpath = node;
  env.NODE = node;
  // As pnpm's own program of Vitest has it: Prisma's older client finds a package of its own there.
  env.NODE_PATH = join(root, 'node_modules/.pnpm/node_modules');
  const version = (await run(node, ['--version'], { env })).stdout.trim();
  const begun = performance.now();
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.workspace.ts', ...given];
  const { code, stdout } = await run(node, vitest, { env });
  const counted = /^(\d+ passed, \d+ failed, \d+ skipped)$/m.exec(stdout)?.[1] ?? 'nothing was run';
  rows.push([version, code === 0 ? 'ok' : 'FAILED', counted, `${Math.round((performance.now() - begun) / 1000)} s`]);
}

console.log(
  '\n| Node      | result | tests                            | time   |\n| --------- | ------ | -------------------------------- | ------ |',
);
for (const [version, result, counted, time] of rows) {
  console.log(`| ${version.padEnd(9)} | ${result.padEnd(6)} | ${counted.padEnd(32)} | ${time.padEnd(6)} |`);
}
process.exit(rows.every(([, result]) => result === 'ok') ? 0 : 1);
