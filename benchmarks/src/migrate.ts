import type { SqlMigration } from '@tenancy/postgres/migrations';
import type { Benchmark, Row } from './benchmark.js';
import { BEGINNING, LIGHT, REAL } from './migrate/migrations.js';
import { MigrateServer } from './migrate/server.js';
import { type Fleet, loop, ours, oursInDatabases, typeormEach, type Way } from './migrate/ways.js';
import { inPairs, type Ratio, summary } from './paired-ratios.js';

interface Comparison {
  readonly name: string;
  readonly way: Way;
  readonly against: string;
  readonly other: Way;
  readonly migrations: readonly SqlMigration[];
  readonly schemas: number;
  readonly pairs: number;
}

const comparisons: readonly Comparison[] = [
  { name: 'light', way: ours(), against: 'loop', other: loop, migrations: LIGHT, schemas: 1_000, pairs: 7 },
  {
    name: 'light, batch of 10',
    way: ours({ batch: 10 }),
    against: 'loop',
    other: loop,
    migrations: LIGHT,
    schemas: 1_000,
    pairs: 7,
  },
  { name: 'real', way: ours(), against: 'loop', other: loop, migrations: REAL, schemas: 200, pairs: 7 },
  { name: 'light', way: ours(), against: 'typeorm', other: typeormEach, migrations: LIGHT, schemas: 200, pairs: 7 },
];

interface Sample {
  readonly seconds: number;
  readonly cpu: number | null;
}

/** The throughput of migrations over many schemas, against the loop that one writes first; and how long it takes to see that there is nothing to do. */
export const migrate: Benchmark = {
  name: 'migrate',
  async *measure() {
    const server = await MigrateServer.start();
    try {
      for (const comparison of comparisons) yield* compare(server, comparison);
      for (const schemas of [1_000, 3_000]) yield* nothing(server, schemas);
      yield* nothingInDatabases(server, 200);
    } finally {
      await server.stop();
    }
  },
};

async function* compare(server: MigrateServer, comparison: Comparison): AsyncIterable<Row> {
  const { name, way, against, other, migrations, schemas, pairs: count } = comparison;
  const sample = (run: Way) => (): Promise<Sample> =>
    server.fleet(schemas, begin, async (fleet) => {
      // The records of the beginning are the loop's own, or ours.
      const all = run === loop || run === typeormEach ? migrations : [BEGINNING, ...migrations];
      return timed(server, () => run(fleet, all));
    });
  const pairs = await inPairs(count, sample(way), sample(other));
  const ratios = pairs.map(([one, two]) => two.seconds / one.seconds);
  yield row(`${name}, ${schemas} schemas`, against, 'throughput', ratios);
  const cpus = pairs.flatMap(([one, two]) => (one.cpu === null || !two.cpu ? [] : [one.cpu / two.cpu]));
  if (cpus.length > 0) yield row(`${name}, ${schemas} schemas`, against, 'server-cpu', cpus);
}

/** Seconds, and not a ratio: the aim is a time. */
async function* nothing(server: MigrateServer, schemas: number): AsyncIterable<Row> {
  const all = [BEGINNING, ...LIGHT];
  const seconds = await server.fleet(
    schemas,
    (fleet) => ours({ batch: 10 })(fleet, all),
    async (fleet) => {
      const runs: number[] = [];
      for (let run = 0; run < 7; run += 1) runs.push((await timed(server, () => ours()(fleet, all))).seconds);
      return runs;
    },
  );
  yield row(`nothing to do, ${schemas} schemas`, '', 'seconds', seconds);
}

async function* nothingInDatabases(server: MigrateServer, databases: number): AsyncIterable<Row> {
  const seconds = await server.databases(databases, async (fleet) => {
    await oursInDatabases(fleet, [BEGINNING]);
    const runs: number[] = [];
    for (let run = 0; run < 7; run += 1)
      runs.push((await timed(server, () => oursInDatabases(fleet, [BEGINNING]))).seconds);
    return runs;
  });
  yield row(`nothing to do, ${databases} databases`, '', 'seconds', seconds);
}

const begin = (fleet: Fleet) => ours({ batch: 10 })(fleet, [BEGINNING]);

async function timed(server: MigrateServer, work: () => Promise<unknown>): Promise<Sample> {
  const [start, before] = [performance.now(), server.cpuSeconds()];
  await work();
  const [seconds, after] = [(performance.now() - start) / 1000, server.cpuSeconds()];
  return { seconds, cpu: before === null || after === null ? null : after - before };
}

function row(name: string, against: string, metric: Row['metric'], values: readonly number[]): Row {
  const ratio: Ratio = summary(values);
  return {
    benchmark: 'migrate',
    case: name,
    against,
    metric,
    ratio,
    pairs: values.length,
    node: process.versions.node,
  };
}
