import type { Sample } from './stalls/waits.js';

/** Writers of one kind, and the time in which something was done. */
export interface Panel {
  readonly name: string;
  /** A sentence behind the name. */
  readonly says: string;
  readonly colour: string;
  readonly samples: readonly Sample[];
  readonly began: number;
  readonly ended: number;
  readonly worst: number;
}

/** A panel for each kind of writers, one below the other, with one scale of waits. */
export function drawnWaits(
  { title, heading, note }: { title: string; heading: string; note: string },
  all: readonly Panel[],
): string {
  const [width, left, right, first, height, gap] = [760, 64, 20, 74, 96, 52];
  const bottom = first + all.length * (height + gap);
  const [least, most] = [1, 10 ** Math.ceil(Math.log10(Math.max(10, ...all.map(({ worst }) => worst))))];
  const share = (wait: number) => Math.log(Math.max(least, wait) / least) / Math.log(most / least);
  const panels = all.map((run, n) => {
    const top = first + n * (height + gap);
    const y = (wait: number) => (top + height * (1 - share(wait))).toFixed(1);
    const [from, to] = [run.began - 5_000, run.ended + 3_000];
    const x = (at: number) => left + ((at - from) / (to - from)) * (width - left - right);
    const columns = longest(run, from, to, width - left - right);
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
  <path d="${bars}" stroke="${run.colour}" fill="none"/>
  <path d="${edges}" stroke="#222" stroke-dasharray="3 3"/>
  <path d="M${left} ${top}V${top + height}H${width - right}" fill="none" stroke="#888"/>
  <text x="${left}" y="${top - 9}"><tspan font-weight="bold">${run.name}</tspan>: ${run.says}</text>
${ticks.join('\n')}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom}" font-family="sans-serif" font-size="13" fill="#222">
  <title>${title}</title>
  <rect width="${width}" height="${bottom}" fill="#fff"/>
  <text x="${left}" y="24" font-size="15">${heading}</text>
  <text x="${left}" y="42" font-size="11" fill="#666">${note} The scale of waits is logarithmic.</text>
${panels.join('\n')}
</svg>
`;
}

/** For each column of pixels, the longest wait that was under way then. */
function longest({ samples }: Panel, from: number, to: number, columns: number): number[] {
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
function seconds({ began, ended }: Panel): number[] {
  const all = (ended - began) / 1_000;
  const step = [1, 2, 5, 10, 20, 30, 60, 120, 300].find((one) => all / one <= 6) ?? 600;
  return Array.from({ length: 1 + Math.floor(all / step) }, (_, n) => n * step);
}

export function said(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${Number((milliseconds / 1_000).toPrecision(2))} s`;
}
