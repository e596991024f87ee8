import type { Benchmark, Row } from './benchmark.js';
import { Child } from './child.js';
import { pairedRatios, summary } from './paired-ratios.js';
import { startScopeServer } from './scope/database.js';

const PAIRS = 5;
const SAMPLE = 350;
// With new processes each: how a process happens to be compiled and laid out moves its cost by more than a few percent.
const ROUNDS = 3;
// What the compiler optimises late has mostly happened by then.
const WARM_UP = 1_500;

/**
 * What a scope costs: CPU time of the client process for one operation, against the tenant written by hand.
 *
 * @param name of the library, and of the folder that has its `client.ts`.
 */
export function scopeBenchmark<Work extends string>(name: string, works: readonly Work[]): Benchmark {
  return {
    name,
    async *measure() {
      const server = await startScopeServer();
      try {
        const ratios = new Map(works.map((work) => [work as string, [] as number[]]));
        for (let round = 0; round < ROUNDS; round += 1) await oneRound(name, server.url, ratios);
        for (const [work, all] of ratios) yield row(name, work, all);
      } finally {
        await server.stop();
      }
    },
  };
}

async function oneRound(name: string, url: string, ratios: ReadonlyMap<string, number[]>): Promise<void> {
  const scoped = new Child(`${name}/client`, 'scoped');
  const where = new Child(`${name}/client`, 'where');
  try {
    for (const each of [scoped, where]) await each.ask({ open: url });
    for (const [work, all] of ratios) {
      const sampler = (of: Child, milliseconds: number) => () => of.ask<number>({ work, milliseconds });
      await sampler(scoped, WARM_UP)();
      await sampler(where, WARM_UP)();
      all.push(...(await pairedRatios(PAIRS, sampler(scoped, SAMPLE), sampler(where, SAMPLE))));
    }
  } finally {
    await Promise.all([scoped.stop(), where.stop()]);
  }
}

function row(benchmark: string, work: string, ratios: readonly number[]): Row {
  return {
    benchmark,
    case: `scoped/${work}`,
    against: `where/${work}`,
    metric: 'cpu',
    ratio: summary(ratios),
    pairs: ratios.length,
    node: process.versions.node,
  };
}
