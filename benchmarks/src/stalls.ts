import type { Benchmark, Row } from './benchmark.js';
import { measured, PAUSE, ROWS, type Run } from './stalls/measure.js';
import { type Waits, waits } from './stalls/waits.js';
import { adoptions, type Way, ways } from './stalls/ways.js';

/** Waits of writers while a table is changed, by `change` and by the statement that one writes first. */
export const stalls = benchmarkOf('stalls', ways);

/** Waits of writers while a table of one tenant becomes one of many, by `adopt` and by one transaction. */
export const adoption = benchmarkOf('adopt', adoptions);

function benchmarkOf(name: string, of: readonly Way[]): Benchmark {
  return {
    name,
    async *measure() {
      const runs: Run[] = [];
      for await (const run of measured(of)) runs.push(run);
      yield* rowsOf(name, runs);
    },
  };
}

/** Milliseconds of each way, then how many times as long the worst wait of the others is as that of ours. */
export function rowsOf(benchmark: string, runs: readonly Run[]): Row[] {
  const all = runs.map((run) => ({ ...run, ...waitsOf(run) }));
  const row = rowOf(benchmark);
  const metrics = ['worst', 'p99', 'p50'] as const;
  const quiet = waits(
    runs.flatMap(({ samples, began }) => samples.filter(([at, took]) => at + took < began)),
    PAUSE,
  );
  return [
    ...metrics.map((metric) => row('before any change', '', `${metric}-ms`, quiet[metric])),
    ...all.flatMap((run) => [
      ...metrics.map((metric) => row(run.way.name, '', `${metric}-ms`, run[metric])),
      row(run.way.name, '', 'seconds', (run.ended - run.began) / 1_000),
    ]),
    ...all
      .filter(({ way }) => !way.isOurs)
      .map(({ way, worst }) => {
        const ours = all.find((run) => run.way.isOurs && run.way.change === way.change);
        return row(way.name, ours?.way.name ?? '', 'worst', worst / (ours?.worst ?? Number.NaN));
      }),
  ];
}

/** Of the statements that were under way while the table was changed. */
export function waitsOf({ samples, began, ended }: Run): Waits {
  return waits(
    samples.filter(([at, took]) => at + took >= began && at <= ended),
    PAUSE,
  );
}

const rowOf =
  (benchmark: string) =>
  (name: string, against: string, metric: Row['metric'], value: number): Row => ({
    benchmark,
    case: `${name}, ${ROWS.toLocaleString('en')} rows`,
    against,
    metric,
    ratio: { median: value, min: value, max: value },
    pairs: 1,
    node: process.versions.node,
  });
