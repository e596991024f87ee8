import type { Row } from './benchmark.js';

const WIDTHS = [26, 26, 8, 16, 6];

/** The table of one benchmark as people read it in a terminal, a line at a time. */
export const heading = (name: string): string =>
  `${name}\n${columns(['case', 'against', 'median', 'min – max', 'pairs', 'metric'])}`;

export const line = ({ case: name, against, metric, ratio, pairs }: Row): string =>
  columns([name, against, shown(ratio.median, metric), range(ratio, metric), `${pairs}`, metric]);

/** A ratio, or a number of bytes or of milliseconds. */
export const shown = (value: number, metric: Row['metric']): string =>
  value.toFixed(metric === 'bytes' ? 0 : metric.endsWith('-ms') ? 1 : 3);

export const range = ({ min, max }: Row['ratio'], metric: Row['metric']): string =>
  `${shown(min, metric)} – ${shown(max, metric)}`;

const columns = (cells: readonly string[]) => cells.map((cell, n) => cell.padEnd(WIDTHS[n] ?? 0)).join('  ');
