import { readFile, writeFile } from 'node:fs/promises';
import { cpus, release, type } from 'node:os';
import type { Row } from './benchmark.js';
import { fixed } from './table.js';

const RESULTS = new URL('../RESULTS.md', import.meta.url);

/** Replaces the rows of one benchmark in RESULTS.md, between its two marks. What people wrote around them stays. */
export async function recordResults(name: string, rows: readonly Row[]): Promise<void> {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const text = await readFile(RESULTS, 'utf8');
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  if (start === -1 || stop < start) throw new Error(`RESULTS.md has no "${begin}" … "${end}".`);
  const section = `\n${machine()}\n\n${table(rows)}\n`;
  await writeFile(RESULTS, text.slice(0, start + begin.length) + section + text.slice(stop));
}

function machine(): string {
  const processors = cpus();
  const today = new Date().toISOString().slice(0, 10);
  return (
    `Node ${process.versions.node}, ${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, ` +
    `${type()} ${release()} (${process.arch}), ${today}.`
  );
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ case: name, against, metric, ratio, pairs }) =>
      `| ${name} | ${against} | ${metric} | **${fixed(ratio.median)}** | ${fixed(ratio.min)} – ${fixed(ratio.max)} | ${pairs} |`,
  );
  return ['| case | against | metric | median | min – max | pairs |', '|---|---|---|---|---|---|', ...lines].join('\n');
}
