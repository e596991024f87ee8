import type { Benchmark, Row } from './benchmark.js';
import { Child } from './child.js';
import { pairedRatios, summary } from './paired-ratios.js';
import type { Work } from './prisma/case.js';
import type { ClientQuestion } from './prisma/client.js';
import { startPrismaServer } from './prisma/database.js';

const PAIRS = 5;
const SAMPLE = 350;
// With new processes each: how a process happens to be compiled and laid out moves its cost by more than a few percent.
const ROUNDS = 3;
// What the compiler optimises late has mostly happened by then.
const WARM_UP = 1_500;

const WORKS: readonly Work[] = ['findMany', 'findUnique', 'include', 'create', 'nestedCreate'];

/** What the scope costs: CPU time of the client process for one operation, against the tenant written by hand. */
export const prisma: Benchmark = {
  name: 'prisma',
  async *measure() {
    const server = await startPrismaServer();
    try {
      const ratios = new Map(WORKS.map((work) => [work, [] as number[]]));
      for (let round = 0; round < ROUNDS; round += 1) await oneRound(server.url, ratios);
      for (const [work, all] of ratios) yield row(work, all);
    } finally {
      await server.stop();
    }
  },
};

async function oneRound(url: string, ratios: ReadonlyMap<Work, number[]>): Promise<void> {
  const scoped = new Child('prisma/client', 'scoped');
  const where = new Child('prisma/client', 'where');
  try {
    for (const each of [scoped, where]) await each.ask({ open: url } satisfies ClientQuestion);
    for (const [work, all] of ratios) {
      const sampler = (of: Child, milliseconds: number) => () =>
        of.ask<number>({ work, milliseconds } satisfies ClientQuestion);
      await sampler(scoped, WARM_UP)();
      await sampler(where, WARM_UP)();
      all.push(...(await pairedRatios(PAIRS, sampler(scoped, SAMPLE), sampler(where, SAMPLE))));
    }
  } finally {
    await Promise.all([scoped.stop(), where.stop()]);
  }
}

function row(work: Work, ratios: readonly number[]): Row {
  return {
    benchmark: 'prisma',
    case: `scoped/${work}`,
    against: `where/${work}`,
    metric: 'cpu',
    ratio: summary(ratios),
    pairs: ratios.length,
    node: process.versions.node,
  };
}
