import { writeFile } from 'node:fs/promises';
import { recordResults } from '../results.js';
import { rowsOf, waitsOf } from '../stalls.js';
import { heading, line } from '../table.js';
import { measured, ROWS, type Run, WRITERS } from './measure.js';
import { adoptions, ways } from './ways.js';

/** `pnpm --filter benchmarks plot:stalls` or `plot:adopt`: one run, of which the image in docs/images and the rows of RESULTS.md are made. */
const name = process.argv[2] === 'adopt' ? 'adopt' : 'stalls';
const runs: Run[] = [];
for await (const run of measured(name === 'adopt' ? adoptions : ways)) runs.push(run);
const rows = rowsOf(name, runs);
console.log([heading(name), ...rows.map(line)].join('\n'));
await writeFile(new URL(`../../../docs/images/${name}.svg`, import.meta.url), drawn(runs));
await recordResults(name, rows);

/** A panel for each way, one below the other, with one scale of waits. */
function drawn(all: readonly Run[]): string {
  const [width, left, right, first, height, gap] = [760, 64, 20, 74, 96, 52];
  const bottom = first + all.length * (height + gap);
  const [least, most] = [1, 10 ** Math.ceil(Math.log10(Math.max(10, ...all.map((run) => waitsOf(run).worst))))];
  const share = (wait: number) => Math.log(Math.max(least, wait) / least) / Math.log(most / least);
  const panels = all.map((run, n) => {
    const top = first + n * (height + gap);
    const y = (wait: number) => (top + height * (1 - share(wait))).toFixed(1);
    const [from, to] = [run.began - 5_000, run.ended + 3_000];
    const x = (at: number) => left + ((at - from) / (to - from)) * (width - left - right);
    const columns = longest(run, from, to, width - left - right);
    const colour = run.way.isOurs ? '#1f6f43' : '#c0392b';
    const bars = columns.map((wait, at) => `M${left + at} ${top + height}V${y(wait)}`).join('');
    const marks = decades(most).map(
      (wait) =>
        `  <path d="M${left} ${y(wait)}H${width - right}" stroke="#ddd"/>\n  <text x="${left - 8}" y="${Number(y(wait)) + 4}" text-anchor="end" font-size="11">${said(wait)}</text>`,
    );
    const ticks = seconds(run).map(
      (second) =>
        `  <text x="${x(run.began + second * 1_000).toFixed(1)}" y="${top + height + 15}" text-anchor="middle" font-size="11">${second} s</text>`,
    );
    const edges = [run.began, run.ended].map((at) => `M${x(at).toFixed(1)} ${top - 4}V${top + height}`).join('');
    return `${marks.join('\n')}
  <path d="${bars}" stroke="${colour}" fill="none"/>
  <path d="${edges}" stroke="#222" stroke-dasharray="3 3"/>
  <path d="M${left} ${top}V${top + height}H${width - right}" fill="none" stroke="#888"/>
  <text x="${left}" y="${top - 9}"><tspan font-weight="bold">${run.way.name}</tspan>: the longest wait of a writer is ${said(waitsOf(run).worst)}; it takes ${said(run.ended - run.began)}</text>
${ticks.join('\n')}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom}" font-family="sans-serif" font-size="13" fill="#222">
  <title>How long writers wait while a table is changed, in each way</title>
  <rect width="${width}" height="${bottom}" fill="#fff"/>
  <text x="${left}" y="24" font-size="15">${ROWS.toLocaleString('en')} rows, ${WRITERS} writers, a reader: the longest wait under way at each moment</text>
  <text x="${left}" y="42" font-size="11" fill="#666">A change begins and ends at the dashed lines. The scale of waits is logarithmic.</text>
${panels.join('\n')}
</svg>
`;
}

/** For each column of pixels, the longest wait that was under way then. */
function longest({ samples }: Run, from: number, to: number, columns: number): number[] {
  const found = new Array<number>(columns).fill(0);
  const column = (at: number) => Math.floor(((at - from) / (to - from)) * columns);
  for (const [at, took] of samples) {
    for (let n = Math.max(0, column(at)); n <= Math.min(columns - 1, column(at + took)); n += 1) {
      found[n] = Math.max(found[n] ?? 0, took);
    }
  }
  return found;
}

function decades(most: number): number[] {
  return [1, 10, 100, 1_000, 10_000, 100_000].filter((wait) => wait <= most);
}

/** Whole seconds of which there are about six. */
function seconds({ began, ended }: Run): number[] {
  const all = (ended - began) / 1_000;
  const step = [1, 2, 5, 10, 20, 30, 60, 120, 300].find((one) => all / one <= 6) ?? 600;
  return Array.from({ length: 1 + Math.floor(all / step) }, (_, n) => n * step);
}

function said(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${Number((milliseconds / 1_000).toPrecision(2))} s`;
}
