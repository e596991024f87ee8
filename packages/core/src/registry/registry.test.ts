import { setTimeout as sleep } from 'node:timers/promises';
import { domainToASCII } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TenantContext } from '../context/tenant-context.js';
import type { Tenant } from '../tenant.js';
import { CachedTenantRegistry } from './cached-tenant-registry.js';
import { CheckedTenantRegistry } from './checked-tenant-registry.js';
import { InMemoryTenantRegistry } from './in-memory-tenant-registry.js';
import type { TenantRegistry } from './tenant-registry.js';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
}

const acme: Tenant = { id: 't_acme', slug: 'acme' };
const globex: Tenant = { id: 't_globex', slug: 'globex' };

/** A registry over rows that change, which counts what it is asked and takes its time. */
function table(rows: Tenant[]) {
  const asked: string[] = [];
  const find = async (name: string, matches: (row: Tenant) => boolean) => {
    asked.push(name);
    const row = rows.find(matches);
    await sleep(2);
    return row ? { ...row } : null;
  };
  return {
    asked,
    findById: (id: string) => find(`id:${id}`, (row) => row.id === id),
    findBySlug: (slug: string) => find(`slug:${slug}`, (row) => row.slug === slug),
  } satisfies TenantRegistry & { asked: string[] };
}

describe('the cache', () => {
  it('asks once for callers at once, and not again', async () => {
    const rows = table([acme, globex]);
    const cache = new CachedTenantRegistry(rows);
    const found = await Promise.all(Array.from({ length: 50 }, () => cache.findBySlug('acme')));
    expect(new Set(found)).toEqual(new Set([acme]));
    await cache.findBySlug('acme');
    expect(rows.asked).toEqual(['slug:acme']);
    expect(cache.peek('slug', 'acme')).toEqual(acme);
    expect(cache.peek('slug', 'globex')).toBeUndefined();
  });

  it('knows a tenant by its id once it was found by its slug', async () => {
    const rows = table([acme]);
    const cache = new CachedTenantRegistry(rows);
    await cache.findBySlug('acme');
    expect(await cache.findById('t_acme')).toEqual(acme);
    expect(rows.asked).toEqual(['slug:acme']);
  });

  it('remembers names that no tenant has', async () => {
    const rows = table([acme]);
    const cache = new CachedTenantRegistry(rows);
    expect([await cache.findBySlug('nobody'), await cache.findBySlug('nobody')]).toEqual([null, null]);
    expect(rows.asked).toEqual(['slug:nobody']);
  });

  it('does not let a flood of invented names push a real tenant out', async () => {
    const rows = table([acme]);
    const cache = new CachedTenantRegistry(rows, { max: 10 });
    await cache.findBySlug('acme');
    await Promise.all(Array.from({ length: 100 }, (_, i) => cache.findBySlug(`invented-${i}`)));
    expect(cache.peek('slug', 'acme')).toEqual(acme);
    expect(cache.peek('slug', 'invented-0')).toBeUndefined();
    expect(cache.peek('slug', 'invented-99')).toBeNull();
  });

  it.each([0, -1, 1.5, Number.NaN, '10'])('refuses a limit of %s, which would keep everything or nothing', (max) => {
    expect(() => new CachedTenantRegistry(table([acme]), { max: max as number })).toThrow(
      /CachedTenantRegistry\.max.*whole number from 1/,
    );
  });

  it('forgets after its time', async () => {
    const rows = table([acme]);
    const cache = new CachedTenantRegistry(rows, { ttl: 20 });
    await cache.findBySlug('acme');
    await sleep(40);
    await cache.findBySlug('acme');
    expect(rows.asked).toEqual(['slug:acme', 'slug:acme']);
  });

  it('does not remember a failure', async () => {
    let failing = true;
    const cache = new CachedTenantRegistry({
      findById: async () => null,
      findBySlug: async () => {
        if (failing) throw new Error('down');
        return acme;
      },
    });
    await expect(cache.findBySlug('acme')).rejects.toThrow('down');
    failing = false;
    expect(await cache.findBySlug('acme')).toEqual(acme);
  });

  it('forgets a tenant by every name it was found under, and only that one', async () => {
    const rows = table([acme, globex]);
    const cache = new CachedTenantRegistry(rows);
    await Promise.all([cache.findBySlug('acme'), cache.findBySlug('globex')]);
    cache.invalidate('t_acme');
    expect([cache.peek('slug', 'acme'), cache.peek('id', 't_acme')]).toEqual([undefined, undefined]);
    expect(cache.peek('slug', 'globex')).toEqual(globex);
    cache.invalidate();
    expect(cache.peek('slug', 'globex')).toBeUndefined();
  });

  it('finds a tenant that was unknown and is new, after invalidate', async () => {
    const rows: Tenant[] = [];
    const cache = new CachedTenantRegistry(table(rows));
    expect(await cache.findBySlug('acme')).toBeNull();
    rows.push(acme);
    cache.invalidate('t_acme');
    expect(await cache.findBySlug('acme')).toEqual(acme);
  });

  it('does not keep an answer from before the change that invalidate tells of', async () => {
    const rows = [{ ...acme, status: 'active' }];
    const cache = new CachedTenantRegistry(table(rows));
    const early = cache.findBySlug('acme');
    rows[0] = { ...acme, status: 'suspended' };
    cache.invalidate('t_acme');
    const late = cache.findBySlug('acme');
    expect((await early)?.status).toBe('active');
    expect(cache.peek('slug', 'acme')).toBeUndefined();
    expect((await late)?.status).toBe('suspended');
    expect(cache.peek('slug', 'acme')?.status).toBe('suspended');
  });
});

describe('the check', () => {
  const context = new TenantContext();

  it("C6: asks outside every tenant's context, also when tenants share a look-up", async () => {
    const seen: boolean[] = [];
    const registry = new CachedTenantRegistry(
      new CheckedTenantRegistry(
        {
          findById: async () => null,
          findBySlug: async () => {
            seen.push(context.isActive());
            await sleep(1);
            seen.push(context.isActive());
            return { ...acme };
          },
        },
        1_000,
      ),
    );
    const one = context.run(acme, async () => [(await registry.findBySlug('acme'))?.id, context.tenantId]);
    const two = context.run(globex, async () => [(await registry.findBySlug('acme'))?.id, context.tenantId]);
    expect(await one).toEqual(['t_acme', 't_acme']);
    expect(await two).toEqual(['t_acme', 't_globex']);
    expect(seen).toEqual([false, false]);
  });

  it('takes a slug in another case from a registry whose collation ignores case, and no other id', async () => {
    const registry = new CheckedTenantRegistry(
      {
        findById: async () => ({ id: 'T_ACME', slug: 'acme' }),
        findBySlug: async () => ({ id: 't_acme', slug: 'Acme' }),
      },
      1_000,
    );
    expect((await registry.findBySlug('acme'))?.id).toBe('t_acme');
    await expect(registry.findById('t_acme')).rejects.toThrow('tenant_registry_unavailable');
  });

  it("keeps the cause of a failure, and no tenant's data in its message", async () => {
    const cause = new Error('row of globex: secret');
    const registry = new CheckedTenantRegistry(
      { findById: () => Promise.reject(cause), findBySlug: async () => null },
      1_000,
    );
    const error = await registry.findById('t_globex').catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'tenant_registry_unavailable', cause });
    expect((error as Error).message).not.toMatch(/globex|secret/);
  });

  it('leaves no timer behind', async () => {
    // Those of this test alone: the process has others, which end when they like.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const seen: number[] = [];
      const find = async (id: string) => {
        seen.push(vi.getTimerCount());
        return table([acme]).findById(id);
      };
      const registry = new CheckedTenantRegistry({ ...table([acme]), findById: find }, 60_000);
      await registry.findById('t_acme');
      expect([...seen, vi.getTimerCount()]).toEqual([1, 0]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('lists frozen tenants, asked for outside every context', async () => {
    const seen: boolean[] = [];
    const registry = new CachedTenantRegistry(
      new CheckedTenantRegistry(
        {
          findById: async () => null,
          findBySlug: async () => null,
          async *list() {
            seen.push(context.isActive());
            yield { ...acme };
            seen.push(context.isActive());
          },
        },
        1_000,
      ),
    );
    const tenants = await context.run(globex, async () => all(registry.list()));
    expect(tenants).toEqual([acme]);
    expect(tenants.every(Object.isFrozen)).toBe(true);
    expect(seen).toEqual([false, false]);
  });

  it('says so when the registry cannot list', async () => {
    const registry = new CheckedTenantRegistry(table([acme]), 1_000);
    await expect(registry.list()[Symbol.asyncIterator]().next()).rejects.toThrow(/TenantRegistry\.list.+list\(\)/);
  });
});

describe('the registry in memory', () => {
  it('finds by id, slug and domain, and lists', async () => {
    const registry = new InMemoryTenantRegistry([{ ...acme, domains: ['Careers.Acme.test', 'münchen.test'] }, globex]);
    expect((await registry.findByDomain('xn--mnchen-3ya.test'))?.id).toBe('t_acme');
    expect((await registry.findById('t_acme'))?.slug).toBe('acme');
    expect((await registry.findBySlug('globex'))?.id).toBe('t_globex');
    expect((await registry.findByDomain('careers.acme.test'))?.id).toBe('t_acme');
    expect([
      await registry.findById('acme'),
      await registry.findBySlug('t_acme'),
      await registry.findByDomain('acme.test'),
    ]).toEqual([null, null, null]);
    expect((await all(registry.list())).map(({ id }) => id)).toEqual(['t_acme', 't_globex']);
  });

  it.each([
    ['the id', [acme, { id: 't_acme', slug: 'other' }]],
    ['the slug', [acme, { id: 'other', slug: 'ACME' }]],
    [
      'the domain',
      [
        { ...acme, domains: ['a.test'] },
        { ...globex, domains: ['A.test'] },
      ],
    ],
    ['no usable id', [{ id: '', slug: 'acme' }]],
    ['no usable slug', [{ id: 't_acme', slug: '' }]],
  ])('refuses tenants that share %s, or have none', (problem, tenants) => {
    expect(() => new InMemoryTenantRegistry(tenants)).toThrow(
      new RegExp(`tenancy_misconfigured.+${problem}`.replace('the ', '')),
    );
  });
});

afterEach(() => void vi.restoreAllMocks());

describe('the domains of tenants known in advance', () => {
  const twice = [
    ['shop.test', 'SHOP.test.'],
    ['shop.test', 'shop.test.'],
    ['bücher.test', 'xn--bcher-kva.test'],
  ] as const;

  it.each(twice)('%s is found as a request names it, and %s is the same', async (domain, same) => {
    for (const each of [domain, same]) {
      const registry = new InMemoryTenantRegistry([{ ...acme, domains: [each] }, globex]);
      expect(await registry.findByDomain(domainToASCII(domain))).toMatchObject(acme);
    }
    expect(
      () =>
        new InMemoryTenantRegistry([
          { ...acme, domains: [domain] },
          { ...globex, domains: [same] },
        ]),
    ).toThrow(/two tenants have the domain/);
  });

  it.each([
    null,
    undefined,
    7,
    '',
    ' ',
    'https://shop.test',
    'shop.test:8080',
    '*.shop.test',
    '.shop.test',
    '127.0.0.1',
    '[::1]',
    'a..b',
  ])('%j is no domain that a request could name', (domain) => {
    expect(() => new InMemoryTenantRegistry([{ ...acme, domains: [domain as string] }])).toThrow(
      /^tenancy_misconfigured: InMemoryTenantRegistry: a tenant has the domain .+without scheme/,
    );
  });
});
