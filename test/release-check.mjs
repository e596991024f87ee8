// `pnpm release:check`: every package as it would be published, installed into fresh applications as its users do, and a table of what
// was seen. It reaches npm's registry, and takes minutes; `--packages` leaves out the test runners of the consumers, `--quick` those and
// all compilers but one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npmConsumer } from './release/npm-consumer.mjs';
import { entriesOf, kilobytes, overBudget, pack } from './release/pack.mjs';
import { ending, run } from './release/run.mjs';
import { installRuntimes, problemsOf } from './release/runtimes.mjs';
import { Table } from './release/table.mjs';
import { compile, installTypescripts, TYPESCRIPTS } from './release/typescripts.mjs';

/** Import what only a test runner has; the consumers' own runners do. */
const IN_A_RUNNER = ['@tenancy/testing/vitest', '@tenancy/testing/jest', '@tenancy/testing/jest-setup'];

const flags = new Set(process.argv.slice(2));
const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'tenancy-release-'));
const table = new Table();
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

const budgets = JSON.parse(readFileSync(join(import.meta.dirname, 'release/budgets.json'), 'utf8'));
const packed = await pack(folder);
for (const one of packed) {
  const budget = budgets[one.name];
  const sizes = `${kilobytes(one.packed)} of ${budget?.packed} packed, ${kilobytes(one.unpacked)} of ${budget?.unpacked} unpacked`;
  table.add(one.name, 'size', overBudget(one, budgets), sizes);
  const exported = await run('pnpm', ['check:exports'], one.folder);
  table.add(one.name, 'publint, attw', exported.code === 0 ? [] : ending(exported, 30));
}

if (!flags.has('--packages') && !flags.has('--quick')) {
  for (const consumer of ['packages', 'nest-11-jest', 'nest-12-vitest']) {
    const vitest = [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'vitest.workspace.ts',
      '--project',
      'consumers',
    ];
    const done = await run(process.execPath, [...vitest, `${consumer}.long.test.ts`], root);
    const counted = /(\d+ passed, \d+ failed, \d+ skipped)/.exec(done.stdout)?.[1] ?? '';
    table.add(`${consumer} (pnpm)`, 'its tests', done.code === 0 ? [] : ending(done, 40), counted);
  }
}

const entries = packed.flatMap(entriesOf);
const importable = entries.filter((entry) => !IN_A_RUNNER.includes(entry));
const runtimes = await installRuntimes(folder);
const tscOf = await installTypescripts(folder);
const versions = flags.has('--quick') ? TYPESCRIPTS.slice(-1) : TYPESCRIPTS;
for (const nest of ['11', '12']) {
  const { app, problems } = await npmConsumer(folder, nest, packed);
  const subject = `Nest ${nest} (npm)`;
  table.add(subject, 'npm install', problems);
  if (problems.length > 0) continue;
  for (const runtime of runtimes) {
    const seen = await problemsOf(runtime, 'application.mjs', importable, app);
    table.add(subject, `application on ${runtime.name}`, seen, `${importable.length} entries`);
    const required = await problemsOf(runtime, 'entries.cjs', importable, app);
    table.add(subject, `require on ${runtime.name}`, required, `${importable.length} entries`);
  }
  for (const version of versions) {
    for (const resolution of ['node16', 'bundler']) {
      const compiled = await compile(app, entries, resolution, tscOf(version));
      const note = compiled.elsewhere > 0 ? `${compiled.elsewhere} errors in declarations of others` : '';
      table.add(subject, `TypeScript ${version}, ${resolution}`, compiled.problems, note);
    }
  }
}

table.print();
console.log(table.failed === 0 ? '\nReady to be released.' : `\n${table.failed} of these failed: not to be released.`);
process.exit(table.failed === 0 ? 0 : 1);
