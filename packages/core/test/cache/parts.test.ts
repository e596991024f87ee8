import { CACHE_MANAGER, type Cache, CacheModule } from '@nestjs/cache-manager';
import { Logger, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantCacheAdmin } from '../../src/admin.js';
import { TenantCacheModule } from '../../src/cache.js';
import { fromSubdomain, TenancyModule } from '../../src/index.js';
import { testRegistry } from '../server.js';
import { eachKind } from './stores.js';
import { acme, asTenant, context, globex, type Opened, open } from './tenants.js';

eachKind(describe, (kept) => {
  let options: ReturnType<ReturnType<typeof kept.place>>;
  let opened: Opened;
  let [ofAcme, ofGlobex] = [] as unknown as [Cache, Cache];
  beforeEach(async () => {
    options = kept.place()();
    opened = await open(TenantCacheModule.register(options));
    [ofAcme, ofGlobex] = [asTenant(acme, opened.cache), asTenant(globex, opened.cache)];
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await opened.close();
  });

  it("each operation is on the tenant's own entries, interleaved", async () => {
    await Promise.all([ofAcme.set('a', 1), ofGlobex.set('a', 2), ofGlobex.set('b', 3)]);
    await ofAcme.mset([{ key: 'm', value: { of: 'acme' }, ttl: 60_000 }]);
    expect(await ofGlobex.mset([{ key: 'm', value: { of: 'globex' }, ttl: 60_000 }])).toEqual([
      { key: 'm', value: { of: 'globex' }, ttl: 60_000 },
    ]);
    const [acmes, globexs] = await Promise.all([ofAcme.mget(['b', 'm', 'a']), ofGlobex.mget(['b', 'm', 'a'])]);
    expect(acmes).toEqual([undefined, { of: 'acme' }, 1]);
    expect(globexs).toEqual([3, { of: 'globex' }, 2]);
    expect(await ofAcme.ttl('m')).toBeGreaterThan(Date.now());
    expect(await ofAcme.ttl('b')).toBeUndefined();
    expect(await ofAcme.del('a')).toBe(true);
    expect(await ofAcme.mdel(['m', 'b'])).toBe(true);
    expect(await ofAcme.mget(['a', 'm', 'b'])).toEqual([undefined, undefined, undefined]);
    expect(await ofGlobex.mget(['a', 'm', 'b'])).toEqual([2, { of: 'globex' }, 3]);
  });

  it('K2: what is reloaded in the background is reloaded as the tenant of the entry, interleaved', async () => {
    const loaded: string[] = [];
    const load = (turn: number) => async () => {
      await new Promise((resolve) => setImmediate(resolve));
      loaded.push(`${context.current().slug} ${turn}`);
      return `${context.current().slug} ${turn}`;
    };
    // With a threshold above the time to live each read reloads.
    const read = (cache: Cache, turn: number) => cache.wrap('report', load(turn), 60_000, 120_000);
    expect(await Promise.all([read(ofAcme, 1), read(ofGlobex, 1)])).toEqual(['acme 1', 'globex 1']);
    expect(await Promise.all([read(ofAcme, 2), read(ofGlobex, 2)])).toEqual(['acme 1', 'globex 1']);
    await vi.waitFor(async () => {
      expect(await Promise.all([ofAcme.get('report'), ofGlobex.get('report')])).toEqual(['acme 2', 'globex 2']);
    });
    expect(loaded.toSorted()).toEqual(['acme 1', 'acme 2', 'globex 1', 'globex 2']);
  });

  it('K2: what was on its way when its tenant cleared is not found afterwards', async () => {
    let finish: (value: string) => void = () => {};
    const begun = ofAcme.wrap('a', () => new Promise<string>((resolve) => (finish = resolve)));
    await vi.waitFor(() => expect(finish.length).toBe(1));
    await ofAcme.clear();
    finish('from before');
    expect(await begun).toBe('from before');
    expect(await ofAcme.wrap('a', () => 'from after')).toBe('from after');
  });

  it('K3: clear is one step, however many entries there are, and leaves those of others', async () => {
    const list = Array.from({ length: 500 }, (_, n) => ({ key: `k${n}`, value: n }));
    await Promise.all([ofAcme.mset(list), ofGlobex.mset(list)]);
    await opened.tenantCache.shared('rates').mset(list);
    expect(await ofAcme.clear()).toBe(true);
    const keys = list.map(({ key }) => key);
    expect((await ofAcme.mget(keys)).every((value) => value === undefined)).toBe(true);
    expect(await ofGlobex.mget(keys)).toEqual(list.map(({ value }) => value));
    expect(await opened.tenantCache.shared('rates').mget(keys)).toEqual(list.map(({ value }) => value));
    await ofAcme.set('k1', 'again');
    expect(await ofAcme.get('k1')).toBe('again');
  });

  it("K6: what is shared has a handle of its own: one for all tenants, without one too, and never a tenant's", async () => {
    const rates = opened.tenantCache.shared('exchange-rates');
    await context.run(acme, () => rates.set('chf', 1));
    expect(await context.run(globex, () => rates.get('chf'))).toBe(1);
    expect(await rates.get('chf')).toBe(1);
    expect(await opened.tenantCache.shared('other').get('chf')).toBeUndefined();
    expect(await Promise.all([ofAcme.get('chf'), ofGlobex.get('chf')])).toEqual([undefined, undefined]);
    // A name that is a tenant's id, and a tenant whose id is written as a name would be.
    await opened.tenantCache.shared('t_acme').set('x', 'shared');
    await context.run({ id: 's/t_acme', slug: 'odd' }, () => opened.cache.set('x', 'odd'));
    expect(await ofAcme.get('x')).toBeUndefined();
    expect(await opened.tenantCache.shared('t_acme').get('x')).toBe('shared');
    await rates.clear();
    expect(await rates.get('chf')).toBeUndefined();
    expect(await opened.tenantCache.shared('t_acme').get('x')).toBe('shared');
  });

  it("K6: what is loaded for all is loaded by nobody: a tenant's data never gets in by accident", async () => {
    const rates = opened.tenantCache.shared('exchange-rates');
    const load = () => context.run(acme, () => rates.wrap('jobs', () => context.tenantId));
    await expect(load()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    // A lazy query begins where it is awaited.
    // biome-ignore lint/suspicious/noThenProperty: as a Prisma query is.
    const lazy = { then: (resolve: (value: unknown) => void) => resolve(context.isActive()) };
    expect(await context.run(acme, () => rates.wrap('lazy', () => lazy))).toBe(false);
  });

  it('K6: what one tenant writes into what is shared, another one does not read, also where both get it at once', async () => {
    const rates = opened.tenantCache.shared('plans');
    const names = async (tenant: typeof acme, found: Promise<string[] | undefined>) => {
      const plans = await found;
      plans?.push(`only for ${tenant.slug}`);
      return plans;
    };
    const load = (tenant: typeof acme) =>
      context.run(tenant, () =>
        names(
          tenant,
          rates.wrap('plans', async () => ['free'], 60_000),
        ),
      );
    for (let round = 0; round < 3; round += 1) {
      expect(await Promise.all([load(acme), load(globex)])).toEqual([
        ['free', 'only for acme'],
        ['free', 'only for globex'],
      ]);
    }
    await context.run(acme, () => names(acme, rates.get('plans')));
    const [found] = await context.run(acme, () => rates.mget<string[]>(['plans']));
    found?.push('only for acme');
    expect(await context.run(globex, () => rates.get('plans'))).toEqual(['free']);
    expect(await rates.wrap('odd', () => ({ call: () => 1, of: 1 }))).toEqual({ of: 1 });
  });

  it('K12: without a tenant each operation refuses, and the log says so once', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const { cache } = opened;
    const operations = [
      () => cache.get('a'),
      () => cache.mget(['a']),
      () => cache.ttl('a'),
      () => cache.set('a', 1),
      () => cache.mset([{ key: 'a', value: 1 }]),
      () => cache.del('a'),
      () => cache.mdel(['a']),
      () => cache.clear(),
      () => cache.wrap('a', () => 1),
    ];
    for (const operation of operations) {
      await expect(operation()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    }
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^CACHE_MANAGER is used without a tenant.+at .+parts\.test\.ts/)],
    ]);
  });

  it('K5: what leads to the entries of all is refused, with the way that there is', async () => {
    const { cache } = opened;
    const forbidden = [
      () => cache.on('set', () => {}),
      () => cache.off('set', () => {}),
      () => cache.disconnect(),
      () => cache.cacheId(),
      () => cache.stores,
      () => opened.tenantCache.shared('a').stores,
    ];
    for (const use of forbidden) expect(use).toThrow(/^tenancy_misconfigured: CACHE_MANAGER\.\w+: .+TenantCacheAdmin/);
    expect(Object.keys(cache).toSorted()).toEqual(
      Object.keys(createCache())
        .filter((name) => name in { ...cache })
        .toSorted(),
    );
  });

  it('K5: an admin clears, with a reason and an event, and reaches what is below where there is one', async () => {
    const log = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
    const admin = opened.get<TenantCacheAdmin>(TenantCacheAdmin);
    const rates = opened.tenantCache.shared('rates');
    await Promise.all([ofAcme.set('a', 1), ofGlobex.set('a', 2), rates.set('a', 3)]);
    await context.run(globex, () => admin.clear('t_acme', { reason: 'ticket 4711' }));
    expect(await Promise.all([ofAcme.get('a'), ofGlobex.get('a'), rates.get('a')])).toEqual([undefined, 2, 3]);
    await admin.clearAll({ reason: 'ticket 4712' });
    expect(await Promise.all([ofAcme.get('a'), ofGlobex.get('a'), rates.get('a')])).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    await ofAcme.set('a', 4);
    expect(await ofAcme.get('a')).toBe(4);
    const reach = context.run(acme, () =>
      admin.acrossTenants({ reason: 'ticket 4713' }, ({ stores }) => [stores.length, context.isActive()]),
    );
    const { stores } = options;
    if (stores) expect(await reach).toEqual([[stores].flat().length, false]);
    else await expect(reach).rejects.toThrow(/has no cache below/);
    const events = log.mock.calls.map(([line]) => JSON.parse(String(line).slice('audit '.length)));
    expect(events).toMatchObject([
      { action: 'clear_cache', tenantId: 't_acme', fromTenantId: 't_globex', reason: 'ticket 4711' },
      { action: 'clear_all_caches', tenantId: null, fromTenantId: null, reason: 'ticket 4712' },
      ...(stores ? [{ action: 'across_caches', fromTenantId: 't_acme', reason: 'ticket 4713' }] : []),
    ]);
    for (const call of [
      () => admin.clear('t_acme', {} as never),
      () => admin.clear('', { reason: 'a' }),
      () => admin.clearAll({ reason: ' ' }),
      () => admin.acrossTenants({ reason: 'a' }, undefined as never),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'tenancy_misconfigured' });
    }
  });

  it('methods can be taken out, as those of cache-manager', async () => {
    const { get, set, wrap } = opened.cache;
    await context.run(acme, () => set('a', 1));
    expect(await context.run(acme, () => get('a'))).toBe(1);
    expect(await context.run(globex, () => get('a'))).toBeUndefined();
    expect(await context.run(globex, () => wrap('a', () => 2, { ttl: 1_000, raw: true }))).toMatchObject({ value: 2 });
    expect(await context.run(globex, () => wrap('a', () => 3, { ttl: 1_000, raw: true }))).toEqual({
      value: 2,
      expires: expect.any(Number),
    });
  });
});

it('K11: two caches with one cacheId merge nothing', async () => {
  const caches = await Promise.all([
    open(TenantCacheModule.register({ cacheId: 'one' })),
    open(TenantCacheModule.register({ cacheId: 'one' })),
    open(TenantCacheModule.register({ cacheId: 'one', stores: new Keyv() })),
    open(TenantCacheModule.register({ cacheId: 'one', stores: new Keyv() })),
  ]);
  const asked = [acme, globex].flatMap((tenant) =>
    caches.map(({ cache }, n) => asTenant(tenant, cache).wrap('a', async () => `${tenant.slug} ${n}`)),
  );
  expect(await Promise.all(asked)).toEqual(
    ['acme', 'globex'].flatMap((slug) => [0, 1, 2, 3].map((n) => `${slug} ${n}`)),
  );
});

describe("K9: Nest's own CacheModule, left beside TenancyModule,", () => {
  const tenancy = () =>
    TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'example.com' })] });
  class JobsModule {}
  const start = async (
    imports: object[],
    prepare = (builder: ReturnType<typeof Test.createTestingModule>) => builder,
  ) => {
    const module = await prepare(Test.createTestingModule({ imports: [tenancy(), ...(imports as [])] })).compile();
    const app = module.createNestApplication({ logger: false });
    await app.init().finally(() => app.close());
  };
  const jobs = (...imports: object[]) => ({ module: JobsModule, imports });

  it.each([
    ['of one module', () => [jobs(CacheModule.register())]],
    [
      'of one module, beside ours',
      () => [TenantCacheModule.register({ isGlobal: true }), jobs(CacheModule.register())],
    ],
    ['with options from elsewhere', () => [jobs(CacheModule.registerAsync({ useFactory: () => ({}) }))]],
  ])('is found at start and refused by the name of who imports it: %s', async (_, imports) => {
    await expect(start(imports())).rejects.toThrow(
      /^tenancy_misconfigured: JobsModule: imports CacheModule.+TenantCacheModule.+from @tenancy\/core\/cache/,
    );
  });

  it('is found where it is global, by the name of who says so, or else by its own', async () => {
    @Module({ imports: [CacheModule.register({ isGlobal: true })] })
    class StatisticsModule {}
    await expect(start([jobs(), StatisticsModule])).rejects.toThrow(
      /^tenancy_misconfigured: StatisticsModule: imports/,
    );
    await expect(start([jobs(CacheModule.register({ isGlobal: true }))])).rejects.toThrow(
      /^tenancy_misconfigured: CacheModule: provides CACHE_MANAGER/,
    );
  });

  it('is refused where a module provides the token by itself', async () => {
    const provided = { module: JobsModule, providers: [{ provide: CACHE_MANAGER, useFactory: () => createCache() }] };
    await expect(start([provided])).rejects.toThrow(/^tenancy_misconfigured: JobsModule: provides CACHE_MANAGER/);
  });

  it('is no matter where ours has its place, whatever a test puts there', async () => {
    await start([TenantCacheModule.register(), jobs(TenantCacheModule.registerAsync({ useFactory: () => ({}) }))]);
    await start([TenantCacheModule.register()], (builder) =>
      builder.overrideProvider(CACHE_MANAGER).useValue(createCache()),
    );
  });
});

it('wrong options are refused', async () => {
  await expect(open(TenantCacheModule.register({ clearedWithin: -1 }))).rejects.toThrow(/clearedWithin/);
  const { tenantCache, cache, close } = await open(TenantCacheModule.register({ stores: new Keyv() }));
  for (const name of ['', undefined, '\ud800']) expect(() => tenantCache.shared(name as string)).toThrow(/no name/);
  for (const key of [5, undefined, ['a'], {}]) {
    await expect(asTenant(acme, cache).get(key as string)).rejects.toThrow(/no string/);
  }
  await close();
});
