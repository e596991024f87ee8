import type { Benchmark, Row } from './benchmark.js';
import { Child } from './child.js';
import { inPairs, summary } from './paired-ratios.js';
import { startScopeServer } from './scope/database.js';
import { callersOf, type Sample } from './scope/sample.js';

const PAIRS = 5;
const SAMPLE = 350;
// With new processes each: how a process happens to be compiled and laid out moves its cost by more than a few percent.
const ROUNDS = 3;
// What the compiler optimises late has mostly happened by then.
const WARM_UP = 1_500;

type Pair = readonly [Sample, Sample];

/**
 * The cost of a scope against the tenant written by hand: CPU time of the client process for one operation, and for works with
 * several callers, whose names end in `@` and their number, throughput and the time of one operation as well.
 *
 * @param name of the library, and of the folder that has its `client.ts`.
 */
export function scopeBenchmark<Work extends string>(name: string, works: readonly Work[]): Benchmark {
  return {
    name,
    async *measure() {
      const server = await startScopeServer();
      try {
        const pairs = new Map(works.map((work) => [work as string, [] as Pair[]]));
        for (let round = 0; round < ROUNDS; round += 1) await oneRound(name, server.url, pairs);
        for (const [work, taken] of pairs) yield* rows(name, work, taken);
      } finally {
        await server.stop();
      }
    },
  };
}

async function oneRound(name: string, url: string, pairs: ReadonlyMap<string, Pair[]>): Promise<void> {
  const scoped = new Child(`${name}/client`, 'scoped');
  const where = new Child(`${name}/client`, 'where');
  try {
    for (const each of [scoped, where]) await each.ask({ open: url });
    for (const [work, taken] of pairs) {
      const sampler = (of: Child, milliseconds: number) => () => of.ask<Sample>({ work, milliseconds });
      await sampler(scoped, WARM_UP)();
      await sampler(where, WARM_UP)();
      taken.push(...(await inPairs(PAIRS, sampler(scoped, SAMPLE), sampler(where, SAMPLE))));
    }
  } finally {
    await Promise.all([scoped.stop(), where.stop()]);
  }
}

const of = {
  cpu: ({ cpuMicroseconds, operations }: Sample) => cpuMicroseconds / operations,
  throughput: ({ operations, seconds }: Sample) => operations / seconds,
  p50: ({ p50 }: Sample) => p50,
};

function* rows(benchmark: string, work: string, pairs: readonly Pair[]): Iterable<Row> {
  for (const metric of callersOf(work) > 1 ? (['cpu', 'throughput', 'p50'] as const) : (['cpu'] as const)) {
    yield {
      benchmark,
      case: `scoped/${work}`,
      against: `where/${work}`,
      metric,
      ratio: summary(pairs.map(([sample, against]) => of[metric](sample) / of[metric](against))),
      pairs: pairs.length,
      node: process.versions.node,
    };
  }
}
