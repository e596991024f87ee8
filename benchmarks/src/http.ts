import type { Benchmark, Row } from './benchmark.js';
import { Child } from './child.js';
import type { AdapterName } from './http/case.js';
import type { CaseName } from './http/cases.js';
import type { Load } from './http/load.js';
import { type Spread, TENANTS } from './http/workload.js';
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
  readonly spread?: Spread;
  /** Of `against`, where it is another one. */
  readonly otherSpread?: Spread;
}

const EVERYBODY: Spread = { tenants: TENANTS, order: 'in-turn' };
const zipf = (tenants: number): Spread => ({ tenants, order: 'zipf' });

const comparisons: readonly Comparison[] = [
  { case: 'als-hook', against: 'bare' },
  { case: 'als-hook+guard', against: 'bare' },
  { case: 'subdomain', against: 'bare' },
  {
    case: 'subdomain, 1000 tenants',
    against: 'subdomain, 10 tenants',
    spread: zipf(1_000),
    otherSpread: zipf(10),
  },
  {
    case: 'subdomain, 100000 tenants',
    against: 'subdomain, 10 tenants',
    spread: zipf(100_000),
    otherSpread: zipf(10),
  },
  { case: 'subdomain+jwt', against: 'bare+verify', token: true },
  { case: 'subdomain+jwt', against: 'bare+verify(key)', token: true },
  { case: 'nestjs-cls', against: 'bare' },
  { case: 'request-scoped', against: 'bare' },
];

/** The cost of an entrance: CPU time of the server process for one request. */
export const http: Benchmark = {
  name: 'http',
  async *measure() {
    const load = new Child('http/load');
    try {
      for (const comparison of comparisons) {
        for (const adapter of ['express', 'fastify'] as const) yield await measure(comparison, adapter, load);
      }
      yield await memory();
    } finally {
      await load.stop();
    }
  },
};

/** Bytes that the registry's cache keeps for one tenant, the tenant itself included. */
async function memory(): Promise<Row> {
  const bytes: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = new Child('http/remembered-tenants');
    bytes.push(await child.ask<number>(100_000));
    await child.stop();
  }
  return {
    benchmark: 'http',
    case: 'remembered tenant',
    against: 'none remembered',
    metric: 'bytes',
    ratio: summary(bytes),
    pairs: bytes.length,
    node: process.versions.node,
  };
}

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
  const { token = false, spread = EVERYBODY, otherSpread = spread } = comparison;
  const server = new Child('http/server', comparison.case, adapter);
  const other = new Child('http/server', comparison.against, adapter);
  try {
    const sample = await sampler(server, load, { token, spread });
    const against = await sampler(other, load, { token, spread: otherSpread });
    for (const warm of [sample, against]) await warm(WARM_UP);
    return await pairedRatios(
      PAIRS,
      () => sample(REQUESTS),
      () => against(REQUESTS),
    );
  } finally {
    await Promise.all([server.stop(), other.stop()]);
  }
}

/** Answers with the CPU microseconds that `server` takes for so many requests. Every tenant has called it before. */
async function sampler(server: Child, load: Child, asked: Pick<Load, 'token' | 'spread'>) {
  const address = await server.ask<{ port: number; ownTenant: boolean }>('address');
  const { tenants } = asked.spread;
  await load.ask({ ...address, ...asked, spread: { tenants, order: 'in-turn' }, requests: tenants } satisfies Load);
  return async (requests: number): Promise<number> => {
    await server.ask('start');
    await load.ask({ ...address, ...asked, requests } satisfies Load);
    return (await server.ask<{ microseconds: number }>('stop')).microseconds;
  };
}
