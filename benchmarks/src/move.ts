import type { Benchmark, Row } from './benchmark.js';
import { type LoadedMove, MoveServers, PAUSE, ROWS } from './move/measure.js';
import { inPairs, type Ratio, summary } from './paired-ratios.js';
import { type Waits, waits } from './stalls/waits.js';

/** The copy of a move against the loop that one writes first, and waits of writers while a tenant is moved. */
export const move: Benchmark = {
  name: 'move',
  async *measure() {
    const servers = await MoveServers.start();
    try {
      const pairs = await inPairs(
        3,
        () => servers.copied(),
        () => servers.insertedOneByOne(),
      );
      yield row('copy', 'row by row', 'throughput', summary(pairs.map(([copy, loop]) => loop / copy)), pairs.length);
      yield row('copy', '', 'seconds', summary(pairs.map(([copy]) => copy)), pairs.length);
      yield* rowsOf(await servers.underLoad());
    } finally {
      await servers.stop();
    }
  },
};

/** The stop, and the waits of writers for as long as the move takes. */
export function rowsOf(moved: LoadedMove): Row[] {
  const metrics = ['worst', 'p99', 'p50'] as const;
  const one = (value: number): Ratio => ({ median: value, min: value, max: value });
  const quiet = waits(
    [...moved.own, ...moved.others].filter(([at, took]) => at > moved.began - 3_000 && at + took < moved.began),
    PAUSE,
  );
  return [
    ...metrics.map((metric) => row('before the move', '', `${metric}-ms`, one(quiet[metric]))),
    ...(['own', 'others'] as const).flatMap((who) => {
      const found = waitsOf(moved, who);
      const name = who === 'own' ? "the tenant's writers" : 'writers of others';
      return metrics.map((metric) => row(name, '', `${metric}-ms`, one(found[metric])));
    }),
    row('the stop', '', 'worst-ms', one(moved.result.stopMillis)),
    row('the whole move', '', 'seconds', one((moved.ended - moved.began) / 1_000)),
  ];
}

export function waitsOf(moved: LoadedMove, who: 'own' | 'others'): Waits {
  return waits(
    moved[who].filter(([at, took]) => at + took >= moved.began && at <= moved.ended),
    PAUSE,
  );
}

function row(name: string, against: string, metric: Row['metric'], ratio: Ratio, pairs = 1): Row {
  return {
    benchmark: 'move',
    case: `${name}, ${ROWS.toLocaleString('en')} rows`,
    against,
    metric,
    ratio,
    pairs,
    node: process.versions.node,
  };
}
