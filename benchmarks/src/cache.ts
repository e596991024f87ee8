import { connect } from 'node:net';
import type { Benchmark, Row } from './benchmark.js';
import type { ClientQuestion, Place, Work } from './cache/client.js';
import { Child } from './child.js';
import { inPairs, summary } from './paired-ratios.js';
import type { Sample } from './scope/sample.js';

const PAIRS = 5;
const SAMPLE = 300;
// With new processes each: how a process happens to be compiled and laid out moves its cost by more than a few percent.
const ROUNDS = 5;
// What the compiler optimises late has mostly happened by then.
const WARM_UP = 1_500;

const places: readonly Place[] = ['memory', 'store', 'redis'];
const works: readonly Work[] = ['get', 'mget', 'wrap', 'set'];

type Pair = readonly [Sample, Sample];

/** The cost of a cache that is the tenant's own, against cache-manager by itself: CPU time of the process for one operation. */
export const cache: Benchmark = {
  name: 'cache',
  async *measure() {
    for (const place of places) {
      if (place === 'redis' && !(await isRedisHere())) {
        console.error('no Redis: `docker run -p 6379:6379 redis`, or set REDIS_URL');
        continue;
      }
      yield* measure(place);
    }
  },
};

async function* measure(place: Place): AsyncIterable<Row> {
  const pairs = new Map<Work, Pair[]>(works.map((work) => [work, []]));
  for (let round = 0; round < ROUNDS; round += 1) await oneRound(place, pairs);
  for (const [work, taken] of pairs) {
    yield {
      benchmark: 'cache',
      case: `tenant/${place}/${work}`,
      against: `bare/${place}/${work}`,
      metric: 'cpu',
      ratio: summary(taken.map(([sample, against]) => cost(sample) / cost(against))),
      pairs: taken.length,
      node: process.versions.node,
    };
  }
}

const cost = ({ cpuMicroseconds, operations }: Sample) => cpuMicroseconds / operations;

async function oneRound(place: Place, pairs: ReadonlyMap<Work, Pair[]>): Promise<void> {
  const tenant = new Child('cache/client', 'tenant');
  const bare = new Child('cache/client', 'bare');
  try {
    for (const each of [tenant, bare]) await each.ask({ open: place } satisfies ClientQuestion);
    for (const [work, taken] of pairs) {
      const sampler = (of: Child, milliseconds: number) => () =>
        of.ask<Sample>({ work, milliseconds } satisfies ClientQuestion);
      await sampler(tenant, WARM_UP)();
      await sampler(bare, WARM_UP)();
      taken.push(...(await inPairs(PAIRS, sampler(tenant, SAMPLE), sampler(bare, SAMPLE))));
    }
  } finally {
    await Promise.all([tenant.stop(), bare.stop()]);
  }
}

function isRedisHere(): Promise<boolean> {
  const { hostname, port } = new URL(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
  return new Promise((resolve) => {
    const socket = connect(Number(port || 6379), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
