import type { Row } from './benchmark.js';

const WIDTHS = [26, 26, 8, 16, 6];

/** The table of one benchmark as people read it in a terminal, a line at a time. */
export const heading = (name: string): string =>
  `${name}\n${columns(['case', 'against', 'median', 'min – max', 'pairs', 'metric'])}`;

export const line = ({ case: name, against, metric, ratio, pairs }: Row): string =>
  columns([name, against, `${fixed(ratio.median)}`, `${fixed(ratio.min)} – ${fixed(ratio.max)}`, `${pairs}`, metric]);

export const fixed = (ratio: number): string => ratio.toFixed(3);

const columns = (cells: readonly string[]) => cells.map((cell, n) => cell.padEnd(WIDTHS[n] ?? 0)).join('  ');
