import { randomUUID } from 'node:crypto';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { redisMissing, redisUrl } from '../redis.js';

/** One way to keep entries: what the options of a module hold for it, each time of the same place. */
export interface Kept {
  readonly name: string;
  readonly missing: string | null;
  /** Stores over one place: what one process after the other has, with the memory of its own. */
  place(): () => { stores?: Keyv | Keyv[]; nonBlocking?: boolean };
}

const redis = (namespace: string) =>
  new Keyv({ store: new KeyvRedis(redisUrl.href, { namespace }), namespace, useKeyPrefix: false });

const onRedis = (name: string, stores: (redis: Keyv) => { stores: Keyv | Keyv[]; nonBlocking?: boolean }): Kept => ({
  name,
  missing: redisMissing,
  place() {
    const namespace = `tenancy-test-${randomUUID()}`;
    return () => stores(redis(namespace));
  },
});

export const kinds: readonly Kept[] = [
  { name: 'in memory', missing: null, place: () => () => ({}) },
  {
    name: 'in a store in memory',
    missing: null,
    place() {
      const store = new Map();
      return () => ({ stores: new Keyv({ store }) });
    },
  },
  {
    name: 'in two levels in memory',
    missing: null,
    place() {
      const store = new Map();
      return () => ({ stores: [new Keyv(), new Keyv({ store })] });
    },
  },
  onRedis('on Redis', (last) => ({ stores: last })),
  onRedis('in memory before Redis', (last) => ({ stores: [new Keyv(), last] })),
  onRedis('in memory before Redis, nonBlocking', (last) => ({ stores: [new Keyv(), last], nonBlocking: true })),
];

/** Calls `test` for each kind; one that cannot run here is skipped by name, with the reason. */
export function eachKind(describeKind: typeof import('vitest').describe, test: (kept: Kept) => void): void {
  for (const kept of kinds) {
    const { name, missing } = kept;
    describeKind.skipIf(missing)(missing === null ? name : `${name}: ${missing}`, () => test(kept));
  }
}
