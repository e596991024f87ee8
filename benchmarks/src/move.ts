import type { Benchmark, Row } from './benchmark.js';
import { type LoadedMove, MoveServers, PAUSE, ROWS } from './move/measure.js';
import { inPairs, type Ratio, summary } from './paired-ratios.js';
import { type Waits, waits } from './stalls/waits.js';

/** The copy of a move against COPY alone and the loops that one writes first, and waits of writers while a tenant is moved. */
export const move: Benchmark = {
  name: 'move',
  async *measure() {
    const servers = await MoveServers.start();
    try {
      const copies: number[] = [];
      for (const { name, count, sample } of against(servers)) {
        const pairs = await inPairs(count, () => servers.copied(), sample);
        yield row('copy', name, 'throughput', summary(pairs.map(([copy, other]) => other / copy)), count);
        copies.push(...pairs.map(([copy]) => copy));
      }
      yield row('copy', '', 'seconds', summary(copies), copies.length);
      const stops: number[] = [];
      for (const tenant of ['tenant4', 'tenant5', 'tenant6']) stops.push(await servers.stopBeyond(OPEN, tenant));
      yield row(`the stop beyond a transaction of ${OPEN / 1_000} s`, '', 'worst-ms', summary(stops), stops.length);
      yield* rowsOf(await servers.underLoad());
    } finally {
      await servers.stop();
    }
  },
};

/** Milliseconds for which a transaction of the tenant is open in the stop. */
const OPEN = 1_000;

/** Other ways to bring the rows over, and how often each is taken: an INSERT for each row takes long. */
function against(servers: MoveServers) {
  return [
    { name: 'COPY by hand', count: 5, sample: () => servers.copiedByHand() },
    { name: 'INSERT, one transaction', count: 3, sample: () => servers.insertedOneByOne('one') },
    { name: 'INSERT, each its own', count: 1, sample: () => servers.insertedOneByOne('each') },
  ];
}

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
