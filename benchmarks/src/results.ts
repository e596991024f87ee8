import { readFile, writeFile } from 'node:fs/promises';
import { cpus, release, type } from 'node:os';
import type { Row, Skipped } from './benchmark.js';
import { fixed } from './table.js';

const RESULTS = new URL('../RESULTS.md', import.meta.url);

/** Replaces the rows of one benchmark in RESULTS.md, between its two marks. What people wrote around them stays. */
export async function recordResults(name: string, results: readonly (Row | Skipped)[]): Promise<void> {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const text = await readFile(RESULTS, 'utf8');
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  if (start === -1 || stop < start) throw new Error(`RESULTS.md has no "${begin}" … "${end}".`);
  const section = `\n${machine()}\n\n${table(results)}\n`;
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

function table(results: readonly (Row | Skipped)[]): string {
  const rows = results.map((result) =>
    'skipped' in result
      ? `| ${result.skipped} | skipped: ${result.because} | | | | |`
      : `| ${result.case} | ${result.against} | ${result.metric} | **${fixed(result.ratio.median)}** | ` +
        `${fixed(result.ratio.min)} – ${fixed(result.ratio.max)} | ${result.pairs} |`,
  );
  return ['| case | against | metric | median | min – max | pairs |', '|---|---|---|---|---|---|', ...rows].join('\n');
}
