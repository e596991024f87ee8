import type { Benchmark, Row } from './benchmark.js';
import { Child } from './child.js';
import type { Databases } from './floor/case.js';
import type { CaseName } from './floor/cases.js';
import type { ClientQuestion, Sample } from './floor/client.js';
import { startFloorServer } from './floor/database.js';
import type { Work } from './floor/workload.js';
import { inPairs, summary } from './paired-ratios.js';

// Many short pairs rather than few long ones: what else the machine does comes in bursts.
const PAIRS = 5;
// By time and not by number: the slowest case is several times slower than the fastest.
const SAMPLE = 350;
// With new processes each: how a process happens to be compiled and laid out moves its cost by more than a few percent.
const ROUNDS = 3;
// What the compiler optimises late has mostly happened by then.
const WARM_UP = 1_500;

const USUAL: readonly Work[] = ['by-key', '100-rows'];
const ALL: readonly Work[] = [...USUAL, 'one-tenant', 'one-caller'];

type Pair = readonly [Sample, Sample];

interface Comparison {
  readonly case: CaseName;
  readonly against: CaseName;
  readonly works: readonly Work[];
}

const comparisons: readonly Comparison[] = [
  { case: 'bound/prisma', against: 'where/prisma', works: ALL },
  { case: 'session/prisma', against: 'where/prisma', works: USUAL },
  { case: 'extension/prisma', against: 'where/prisma', works: USUAL },
  { case: 'bound/prisma', against: 'extension/prisma', works: USUAL },
  { case: 'bound/pg', against: 'where/pg', works: ALL },
  { case: 'session/pg', against: 'where/pg', works: USUAL },
];

/** The cost of keeping tenants apart: throughput, CPU time of the client process for one query, and the time of one query. */
export const floor: Benchmark = {
  name: 'floor',
  async *measure() {
    const server = await startFloorServer();
    try {
      for (const comparison of comparisons) yield* measure(comparison, server.databases);
    } finally {
      await server.stop();
    }
  },
};

async function* measure(comparison: Comparison, databases: Databases): AsyncIterable<Row> {
  const pairs = new Map<Work, Pair[]>(comparison.works.map((work) => [work, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for await (const { work, pair } of oneRound(comparison, databases)) pairs.get(work)?.push(pair);
  }
  for (const [work, taken] of pairs) {
    // With many callers the time of one query is how long it waits for the others.
    for (const metric of work === 'one-caller' ? (['p50', 'p99'] as const) : (['cpu', 'throughput'] as const)) {
      const ratios = taken.map(([sample, against]) => of[metric](sample) / of[metric](against));
      yield {
        benchmark: 'floor',
        case: `${comparison.case}/${work}`,
        against: `${comparison.against}/${work}`,
        metric,
        ratio: summary(ratios),
        pairs: ratios.length,
        node: process.versions.node,
      };
    }
  }
}

const of = {
  cpu: ({ cpuMicroseconds, queries }: Sample) => cpuMicroseconds / queries,
  throughput: ({ queries, seconds }: Sample) => queries / seconds,
  p50: ({ milliseconds }: Sample) => milliseconds.p50,
  p99: ({ milliseconds }: Sample) => milliseconds.p99,
};

async function* oneRound({ case: name, against, works }: Comparison, databases: Databases) {
  const client = new Child('floor/client', name);
  const other = new Child('floor/client', against);
  try {
    for (const each of [client, other]) await each.ask({ open: databases } satisfies ClientQuestion);
    for (const work of works) {
      const sampler = (of: Child, milliseconds: number) => () =>
        of.ask<Sample>({ work, milliseconds } satisfies ClientQuestion);
      await sampler(client, WARM_UP)();
      await sampler(other, WARM_UP)();
      for (const pair of await inPairs(PAIRS, sampler(client, SAMPLE), sampler(other, SAMPLE))) yield { work, pair };
    }
  } finally {
    await Promise.all([client.stop(), other.stop()]);
  }
}
