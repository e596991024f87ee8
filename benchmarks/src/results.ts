import { readFile, writeFile } from 'node:fs/promises';
import { cpus, release, type } from 'node:os';
import type { Row } from './benchmark.js';
import { range, shown } from './table.js';

const RESULTS = new URL('../RESULTS.md', import.meta.url);

/** Replaces the rows of one benchmark in RESULTS.md, between its two marks. What people wrote around them stays. */
export async function recordResults(name: string, rows: readonly Row[]): Promise<void> {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const text = await readFile(RESULTS, 'utf8');
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  if (start === -1 || stop < start) throw new Error(`RESULTS.md has no "${begin}" … "${end}".`);
  const section = `\n\n${machine()}\n\n${table(rows)}\n\n`;
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

/** Padded as the formatter of this repository pads it. */
function table(rows: readonly Row[]): string {
  const cells = [
    ['case', 'against', 'metric', 'median', 'min – max', 'pairs'],
    ...rows.map(({ case: name, against, metric, ratio, pairs }) => [
      name,
      against,
      metric,
      `**${shown(ratio.median, metric)}**`,
      range(ratio, metric),
      `${pairs}`,
    ]),
  ];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) => `| ${row.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
