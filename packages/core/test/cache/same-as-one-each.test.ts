import { type Cache, createCache } from 'cache-manager';
import fc from 'fast-check';
import { Keyv } from 'keyv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TenantCacheModule } from '../../src/cache.js';
import { asTenant, type Opened, open } from './tenants.js';

const tenants = ['t_acme', 't_globex', 't', 't_acme/x', '__proto__'].map((id) => ({ id, slug: 'any' }));
const keys = ['a', 'b', 'a/b', 'a:b', '', '__proto__', 'toString', '\ud800', '\udfff', '💚'];

type Operation = (cache: Cache, turn: number) => Promise<unknown>;

const key = fc.constantFrom(...keys);
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(undefined, null, 0, '', false, { tenancy: 't/t_globex', value: 1 }, Buffer.from([0, 255])),
);
// Far enough away that nothing expires meanwhile, or never.
const ttl = fc.option(fc.constantFrom(0, 600_000), { nil: undefined });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  key.map<Operation>((at) => (cache) => cache.get(at)),
  fc.array(key, { maxLength: 4 }).map<Operation>((all) => (cache) => cache.mget(all)),
  key.map<Operation>((at) => async (cache) => typeof (await cache.ttl(at))),
  fc.tuple(key, value, ttl).map<Operation>(
    ([at, put, ms]) =>
      (cache) =>
        cache.set(at, put, ms),
  ),
  fc
    .array(fc.tuple(key, value), { maxLength: 4 })
    .map<Operation>((list) => (cache) => cache.mset(list.map(([at, put]) => ({ key: at, value: put })))),
  key.map<Operation>((at) => (cache) => cache.del(at)),
  fc.array(key, { maxLength: 4 }).map<Operation>((all) => (cache) => cache.mdel(all)),
  fc.constant<Operation>((cache) => cache.clear()),
  fc.tuple(key, value).map<Operation>(
    ([at, put]) =>
      (cache) =>
        cache.wrap(at, () => put, 600_000),
  ),
  fc.tuple(key, value).map<Operation>(
    ([at, put]) =>
      (cache) =>
        cache.wrap(at, async () => put, { ttl: () => 600_000 }),
  ),
  key.map<Operation>((at) => async (cache, turn) => {
    const { value: loaded } = (await cache.wrap(at, () => turn, { raw: true, ttl: 600_000 })) as { value: unknown };
    return loaded;
  }),
  key.map<Operation>(
    (at) => (cache) =>
      cache.wrap(at, () => Promise.reject(new Error('no connection'))).catch((error: Error) => error.message),
  ),
);

/** Numbers of steps in a row that are begun before any has ended, each by another tenant. */
const steps = fc.array(fc.tuple(fc.constantFrom(...tenants), operation), { minLength: 1, maxLength: 40 });

const kinds: readonly (readonly [name: string, stores: () => { stores?: Keyv[] }])[] = [
  ['in memory', () => ({})],
  ['in a store that keeps JSON', () => ({ stores: [new Keyv({ store: new Map() })] })],
  [
    'in a store that keeps what it is given',
    () => ({
      stores: [Object.assign(new Keyv({ store: new Map() }), { serialize: undefined, deserialize: undefined })],
    }),
  ],
  ['in two levels', () => ({ stores: [new Keyv({ store: new Map() }), new Keyv({ store: new Map() })] })],
];

describe.each(kinds)('random operations of several tenants %s', (_, stores) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open(TenantCacheModule.register(stores()));
  });
  afterAll(() => opened.close());

  it('answer as one plain cache-manager for each tenant does, interleaved too', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (all, atOnce) => {
        const plain = new Map(tenants.map(({ id }) => [id, createCache(stores())]));
        await Promise.all(tenants.map((tenant) => asTenant(tenant, opened.cache).clear()));
        const ours: unknown[] = [];
        const theirs: unknown[] = [];
        for (const batch of atOnce ? ofDifferentTenants(all) : all.map((step) => [step])) {
          const turn = ours.length;
          ours.push(...(await Promise.all(batch.map(([tenant, run]) => run(asTenant(tenant, opened.cache), turn)))));
          theirs.push(...(await Promise.all(batch.map(([tenant, run]) => run(plain.get(tenant.id) as Cache, turn)))));
        }
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 400 },
    );
  });
});

type Step = readonly [(typeof tenants)[number], Operation];

/** Steps that may run at once: those of one tenant keep their order. */
function ofDifferentTenants(all: readonly Step[]): Step[][] {
  const batches: Step[][] = [];
  for (const step of all) {
    const last = batches.at(-1);
    if (!last || last.some(([tenant]) => tenant === step[0])) batches.push([step]);
    else last.push(step);
  }
  return batches;
}
