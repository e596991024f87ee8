import type { Benchmark, Row } from './benchmark.js';
import { Child } from './child.js';
import type { AdapterName } from './http/case.js';
import type { CaseName } from './http/cases.js';
import type { Load } from './http/load.js';
import { pairedRatios, summary } from './paired-ratios.js';

// Many short pairs rather than few long ones: what else the machine does comes in bursts.
const PAIRS = 5;
const REQUESTS = 5_000;
// With new processes each: how a process happens to be compiled and laid out moves its cost by more than a few percent.
const ROUNDS = 5;
// What the compiler optimises late, and what it optimises again, has happened by then.
const WARM_UP = 20_000;

interface Comparison {
  readonly case: CaseName;
  readonly against: CaseName;
  readonly token?: boolean;
}

const comparisons: readonly Comparison[] = [
  { case: 'als-hook', against: 'bare' },
  { case: 'subdomain', against: 'bare' },
  { case: 'subdomain+jwt', against: 'bare+verify', token: true },
  { case: 'subdomain+jwt', against: 'bare+verify(key)', token: true },
  { case: 'nestjs-cls', against: 'bare' },
  { case: 'request-scoped', against: 'bare' },
];

/** What an entrance costs: CPU time of the server process for one request. */
export const http: Benchmark = {
  name: 'http',
  async *measure() {
    const load = new Child('http/load');
    try {
      for (const comparison of comparisons) {
        for (const adapter of ['express', 'fastify'] as const) yield await measure(comparison, adapter, load);
      }
    } finally {
      await load.stop();
    }
  },
};

async function measure(comparison: Comparison, adapter: AdapterName, load: Child): Promise<Row> {
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) ratios.push(...(await oneRound(comparison, adapter, load)));
  return {
    benchmark: 'http',
    case: `${comparison.case}/${adapter}`,
    against: `${comparison.against}/${adapter}`,
    metric: 'cpu',
    ratio: summary(ratios),
    pairs: ratios.length,
    node: process.versions.node,
  };
}

async function oneRound(comparison: Comparison, adapter: AdapterName, load: Child): Promise<number[]> {
  const { token = false } = comparison;
  const server = new Child('http/server', comparison.case, adapter);
  const other = new Child('http/server', comparison.against, adapter);
  try {
    const sample = await sampler(server, load, token);
    const against = await sampler(other, load, token);
    await sample(WARM_UP);
    await against(WARM_UP);
    return await pairedRatios(
      PAIRS,
      () => sample(REQUESTS),
      () => against(REQUESTS),
    );
  } finally {
    await Promise.all([server.stop(), other.stop()]);
  }
}

/** Answers with the CPU microseconds that `server` takes for so many requests. */
async function sampler(server: Child, load: Child, token: boolean) {
  const address = await server.ask<{ port: number; ownTenant: boolean }>('address');
  return async (requests: number): Promise<number> => {
    await server.ask('start');
    await load.ask({ ...address, requests, token } satisfies Load);
    return (await server.ask<{ microseconds: number }>('stop')).microseconds;
  };
}
