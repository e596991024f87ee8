import { createCache } from 'async-cache-dedupe';
import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';
import { ContextVariable } from '../src/admin.js';
import { perTenant, TenantContext } from '../src/index.js';

const context = new TenantContext();
const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const tenants = [acme, globex];

/** A row of whoever reads it, later. */
async function row(id: string): Promise<string> {
  await new Promise((resolve) => setImmediate(resolve));
  return `${id} of ${context.current().slug}`;
}

/** Asks as both tenants, each several times and in turn, and all at once. */
const askedByBoth = (ask: (id: string) => Promise<unknown>) =>
  Promise.all(
    Array.from({ length: 10 }, (_, turn) => turn).flatMap((turn) =>
      tenants.map((tenant) => context.run(tenant, () => ask(`job_${turn % 3}`))),
    ),
  );

const rightAnswers = Array.from({ length: 10 }, (_, turn) => turn).flatMap((turn) =>
  tenants.map(({ slug }) => `job_${turn % 3} of ${slug}`),
);

describe('K8: one for each tenant', () => {
  const makers: Readonly<Record<string, () => (id: string) => Promise<unknown>>> = {
    'lru-cache with a fetchMethod': () => {
      const cache = new LRUCache<string, string>({ max: 100, fetchMethod: (id) => row(id) });
      return (id) => cache.fetch(id);
    },
    DataLoader: () => {
      const loader = new DataLoader<string, string>((ids) => Promise.all(ids.map(row)));
      return (id) => loader.load(id);
    },
    'async-cache-dedupe': () => {
      const cache = createCache({ ttl: 60, stale: 60 }).define('job', (id: string) => row(id));
      return (id) => cache.job(id);
    },
  };

  it.each(Object.keys(makers))('%s answers each with its own, interleaved', async (name) => {
    const make = makers[name] as (typeof makers)[string];
    const own = perTenant(make);
    expect(await askedByBoth((id) => own()(id))).toEqual(rightAnswers);
    // Nobody else's while it lasts, either.
    expect(await askedByBoth((id) => own()(id))).toEqual(rightAnswers);
  });

  it.each(Object.keys(makers))("%s that all share answers some with what is another one's", async (name) => {
    const shared = (makers[name] as (typeof makers)[string])();
    expect(await askedByBoth(shared)).not.toEqual(rightAnswers);
  });

  it('K8: an lru-cache that reloads what is stale reloads it as its tenant', async () => {
    let turn = 0;
    const own = perTenant(
      () =>
        new LRUCache<string, string>({
          max: 10,
          ttl: 1,
          allowStale: true,
          fetchMethod: async (id) => `${await row(id)}, ${(turn += 1)}`,
        }),
    );
    const ask = (tenant: typeof acme) => context.run(tenant, () => own().fetch('job'));
    const seen: (string | undefined)[] = [];
    for (let round = 0; round < 20; round += 1) {
      seen.push(...(await Promise.all([ask(acme), ask(globex)])));
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    expect(seen.filter((_, at) => at % 2 === 0).every((value) => value?.startsWith('job of acme'))).toBe(true);
    expect(seen.filter((_, at) => at % 2 === 1).every((value) => value?.startsWith('job of globex'))).toBe(true);
    expect(new Set(seen).size).toBeGreaterThan(4);
  });
});

describe('perTenant', () => {
  it('makes once for each tenant, in its context, and refuses without one', () => {
    const made: string[] = [];
    const own = perTenant((tenant) => {
      made.push(`${tenant.slug} as ${context.tenantId}`);
      return { of: tenant.id };
    });
    for (const tenant of [acme, globex, acme]) expect(context.run(tenant, own)).toEqual({ of: tenant.id });
    expect(made).toEqual(['acme as t_acme', 'globex as t_globex']);
    expect(own).toThrow(expect.objectContaining({ code: 'tenant_context_missing' }));
  });

  it('keeps as many as it is told, and those that were used last', () => {
    let made = 0;
    const own = perTenant(() => ({ n: (made += 1) }), { max: 10 });
    const ask = (n: number) => context.run({ id: `t_${n}`, slug: 'any' }, own);
    const first = ask(0);
    for (let n = 1; n < 1_000; n += 1) {
      ask(n);
      expect(ask(0)).toBe(first);
    }
    ask(1);
    expect(made).toBe(1_001);
  });

  it('keeps nothing of the request that was first: what is made sees the tenant alone', () => {
    const variable = new ContextVariable<string>();
    const own = perTenant(() => ({ saw: variable.get() }));
    expect(variable.run('across all tenants', () => context.run(acme, own))).toEqual({ saw: undefined });
  });

  it('refuses what it cannot work with', () => {
    expect(() => perTenant({} as () => object)).toThrow(/^tenancy_misconfigured: perTenant/);
    for (const max of [0, -1, 1.5, Number.NaN]) expect(() => perTenant(() => 1, { max })).toThrow(/perTenant\.max/);
  });
});
