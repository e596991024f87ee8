import type { Benchmark, Row } from './benchmark.js';
import { Child } from './child.js';
import { inPairs, summary } from './paired-ratios.js';
import type { CaseName } from './queue/application.js';
import type { Question, Sample, Work } from './queue/client.js';
import { startServers } from './queue/servers.js';

// Many short pairs rather than few long ones: what else the machine does comes in bursts.
const PAIRS = 8;
const JOBS: Readonly<Record<string, number>> = { redis: 1_000, postgres: 150 };

const comparisons: readonly { case: CaseName; against: CaseName }[] = [
  { case: 'inside', against: 'bare' },
  { case: 'tenant', against: 'bare' },
  { case: 'tenant', against: 'inside' },
  { case: 'signed', against: 'inside' },
  { case: 'fair', against: 'priorities' },
  { case: 'fair', against: 'tenant' },
];

/** The cost of a tenant's queue, and of turns: CPU time and throughput of one process that adds jobs and runs them. */
export const queue: Benchmark = {
  name: 'queue',
  async *measure() {
    const servers = await startServers();
    try {
      for (const [server, url] of Object.entries(servers.urls)) {
        for (const comparison of comparisons) yield* measure(comparison.case, comparison.against, server, url);
      }
    } finally {
      await servers.stop();
    }
  },
};

async function* measure(name: CaseName, against: CaseName, server: string, url: string): AsyncIterable<Row> {
  const jobs = JOBS[server] ?? 0;
  for (const work of ['add', 'addBulk'] satisfies Work[]) {
    const pairs: (readonly [Sample, Sample])[] = [];
    const child = new Child('queue/client', name, url);
    const other = new Child('queue/client', against, url);
    try {
      const sampler = (of: Child, count: number) => () => of.ask<Sample>({ work, jobs: count } satisfies Question);
      await sampler(child, jobs * 3)();
      await sampler(other, jobs * 3)();
      pairs.push(...(await inPairs(PAIRS, sampler(child, jobs), sampler(other, jobs))));
    } finally {
      await Promise.all([child.stop(), other.stop()]);
    }
    for (const metric of ['cpu', 'throughput'] as const) {
      const ratios = pairs.map(([one, two]) =>
        metric === 'cpu' ? one.cpuMicroseconds / two.cpuMicroseconds : two.seconds / one.seconds,
      );
      yield {
        benchmark: 'queue',
        case: `${name}/${work}/${server}`,
        against: `${against}/${work}/${server}`,
        metric,
        ratio: summary(ratios),
        pairs: ratios.length,
        node: process.versions.node,
      };
    }
  }
}
