import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { isTenancyError } from '../errors/tenancy-error.js';
import { CachedTenantRegistry } from '../registry/cached-tenant-registry.js';
import { CheckedTenantRegistry } from '../registry/checked-tenant-registry.js';
import { InMemoryTenantRegistry } from '../registry/in-memory-tenant-registry.js';
import type { TenantHint, TenantRegistry } from '../registry/tenant-registry.js';
import { fromCustomDomain } from './from-custom-domain.js';
import { fromSubdomain } from './from-subdomain.js';
import { TenantResolver } from './tenant-resolver.js';
import type { TenantSource } from './tenant-source.js';

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const closed = { id: 't_closed', slug: 'closed', status: 'suspended' };
const known = () =>
  new InMemoryTenantRegistry([{ ...acme, domains: ['acme.test'] }, { ...globex, domains: ['globex.test'] }, closed]);

type Said = TenantHint | null | Error | Promise<TenantHint | null> | (() => Promise<never>);
const says = (...hints: Said[]) =>
  hints.map((hint, i) => ({
    name: `source ${i}`,
    identify: () => {
      if (hint instanceof Error) throw hint;
      return typeof hint === 'function' ? hint() : hint;
    },
  }));

const outcome = async (hints: Said[], registry: TenantRegistry = known()) => {
  const resolver = new TenantResolver(
    { sources: says(...hints) },
    new CachedTenantRegistry(new CheckedTenantRegistry(registry, 50)),
  );
  try {
    return (await resolver.resolve({ headers: {} })).id;
  } catch (error) {
    return isTenancyError(error) ? error.code : error;
  }
};

const bySlug = (slug: string) => ({ slug });
const byId = (id: string) => ({ id });

it.each([
  ['has no methods', {}],
  ['throws at once', { findBySlug: () => JSON.parse('no JSON') as never }],
  ['rejects', { findBySlug: () => Promise.reject(new Error('down')) }],
])("what takes the registry's place in a test and %s is one that fails", async (_, registry) => {
  const resolver = new TenantResolver({ sources: says(bySlug('acme')) }, registry as never);
  await expect(async () => resolver.resolve({ headers: {} })).rejects.toThrow(
    /^tenant_registry_unavailable: the registry threw on a look-up by slug/,
  );
});

describe('the agreement rule', () => {
  it.each<[string, Said[], string]>([
    ['one source', [bySlug('acme')], 't_acme'],
    ['the second, when the first has nothing to say', [null, byId('t_acme')], 't_acme'],
    ['two that agree', [bySlug('acme'), byId('t_acme')], 't_acme'],
    ['three that agree', [bySlug('acme'), { domain: 'acme.test' }, byId('t_acme')], 't_acme'],
    ['one that answers later', [bySlug('acme'), Promise.resolve(byId('t_acme'))], 't_acme'],
    ['nobody', [null, null], 'tenant_required'],
    ['an unknown subdomain', [bySlug('nobody'), null], 'tenant_required'],
    ['a token of an unknown tenant', [null, byId('t_nobody')], 'tenant_required'],
    ['two that disagree', [bySlug('acme'), byId('t_globex')], 'tenant_mismatch'],
    ['two that disagree, one later', [bySlug('acme'), Promise.resolve(byId('t_globex'))], 'tenant_mismatch'],
    ['a third that disagrees', [bySlug('acme'), { domain: 'acme.test' }, byId('t_globex')], 'tenant_mismatch'],
    ['an unknown subdomain with a valid token', [bySlug('nobody'), byId('t_acme')], 'tenant_mismatch'],
    ['a known subdomain with the token of an unknown tenant', [bySlug('acme'), byId('t_nobody')], 'tenant_mismatch'],
    ['two that name nobody', [bySlug('nobody'), byId('t_nobody')], 'tenant_required'],
    ["a domain that is nobody's beside a token", [{ domain: 'app.example.com' }, byId('t_acme')], 't_acme'],
    ["a domain that is somebody else's", [{ domain: 'globex.test' }, byId('t_acme')], 'tenant_mismatch'],
    ["a domain that is nobody's", [{ domain: 'nobody.test' }], 'tenant_required'],
    ['an inactive tenant', [bySlug('closed'), byId('t_closed')], 'tenant_inactive'],
    ["an inactive tenant's host with another's token", [bySlug('closed'), byId('t_acme')], 'tenant_mismatch'],
    ['an id that cannot be one', [byId('')], 'tenant_required'],
    ['an id that cannot be one, beside a host', [bySlug('acme'), byId('')], 'tenant_mismatch'],
    ['a slug of 10,000 characters', [bySlug('a'.repeat(10_000))], 'tenant_required'],
  ])('%s: %j', async (_, hints, expected) => {
    expect(await outcome(hints)).toBe(expected);
  });

  it('an id is not a slug, and a slug is not an id', async () => {
    const confusing = new InMemoryTenantRegistry([
      { id: 'globex', slug: 'acme' },
      { id: 'acme', slug: 'globex' },
    ]);
    expect(await outcome([bySlug('acme')], confusing)).toBe('globex');
    expect(await outcome([bySlug('acme'), byId('acme')], confusing)).toBe('tenant_mismatch');
  });
});

it.each([byId(''), byId('\0'), bySlug('a'.repeat(256))])(
  'asks no registry for %j, which can name nobody',
  async (hint) => {
    const registry = known();
    const calls = [vi.spyOn(registry, 'findBySlug'), vi.spyOn(registry, 'findById')];
    expect(await outcome([hint], registry)).toBe('tenant_required');
    expect(calls.map((spy) => spy.mock.calls.length)).toEqual([0, 0]);
  },
);

it('no host name crashes it, or resolves to a tenant that the host does not name', async () => {
  const sources = [fromSubdomain({ baseDomain: 'app.test' }), fromCustomDomain()];
  const resolver = new TenantResolver({ sources }, new CachedTenantRegistry(known()));
  const piece = fc.constantFrom(
    'acme',
    'globex',
    'closed',
    '.app.test',
    '.app.test.',
    'app.test',
    'acme.test',
    '.',
    ':80',
    'XN--',
    '-',
    ' ',
    ',',
  );
  const host = fc.oneof(
    fc.string(),
    fc.domain(),
    fc.array(fc.oneof(piece, fc.string({ maxLength: 2 })), { maxLength: 4 }).map((pieces) => pieces.join('')),
  );
  let resolved = 0;
  await fc.assert(
    fc.asyncProperty(host, async (value) => {
      const answer = await (async () => resolver.resolve({ headers: { host: value }, url: '/' }))().catch(
        (error: unknown) => error,
      );
      if (isTenancyError(answer)) {
        expect(['tenant_required', 'tenant_mismatch', 'tenant_inactive']).toContain(answer.code);
        return;
      }
      resolved += 1;
      const name = value.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
      const { slug } = answer as { slug: string };
      expect([`${slug}.app.test`, `${slug}.test`]).toContain(name);
    }),
    { numRuns: 20_000 },
  );
  expect(resolved).toBeGreaterThan(20);
});

it('waits for promises of another library, from a source and from a registry', async () => {
  const foreign = <T>(promise: Promise<T>): Promise<T> => {
    const then: Promise<T>['then'] = (resolve, reject) => foreign(promise.then(resolve, reject));
    return { then } as Promise<T>;
  };
  const later = <T>(value: T) => foreign(Promise.resolve(value));
  const registry: TenantRegistry = { findById: () => later(acme), findBySlug: () => later(null) };
  expect(await outcome([later(byId('t_acme'))], registry)).toBe('t_acme');
  const answer = new TenantResolver({ sources: says(byId('t_acme')) }, registry).resolve({ headers: {} });
  // The entrance tells a tenant from a promise of one by this.
  expect(answer).toBeInstanceOf(Promise);
  expect(await answer).toBe(acme);
  expect(await outcome([later(bySlug('nobody'))], registry)).toBe('tenant_required');
});

describe('a source that fails', () => {
  it.each<[string, Said]>([
    ['throws', new Error("acme's secret")],
    ['rejects', () => Promise.reject(new Error("acme's secret"))],
    ['answers with nonsense', 'acme' as never],
    ['answers with an unknown hint', { name: 'acme' } as never],
    ['answers with undefined', undefined as never],
  ])('%s: refuses, whatever the others say', async (_, said) => {
    expect(await outcome([bySlug('acme'), said])).toBe('tenant_source_failed');
  });
});

describe('a registry that fails makes the request fail, and never means “no tenant”', () => {
  const failing = (findById: TenantRegistry['findById']): TenantRegistry => ({
    findById,
    findBySlug: (slug) => known().findBySlug(slug),
  });
  it.each<[string, TenantRegistry['findById']]>([
    ['rejects', () => Promise.reject(new Error('connection refused'))],
    [
      'throws',
      () => {
        throw new Error('connection refused');
      },
    ],
    ['hangs', () => new Promise(() => {})],
    ['answers undefined', () => Promise.resolve(undefined as never)],
    ['answers without an id', () => Promise.resolve({ slug: 'acme' } as never)],
    ['answers without a slug', () => Promise.resolve({ id: 't_acme' } as never)],
    ['answers with another tenant', () => Promise.resolve(globex)],
  ])('%s', async (_, findById) => {
    expect(await outcome([byId('t_acme')], failing(findById))).toBe('tenant_registry_unavailable');
    expect(await outcome([bySlug('acme'), byId('t_acme')], failing(findById))).toBe('tenant_registry_unavailable');
  });

  it("answers with another tenant's row for a slug", async () => {
    const wrong: TenantRegistry = { findById: async () => null, findBySlug: async () => globex };
    expect(await outcome([bySlug('acme')], wrong)).toBe('tenant_registry_unavailable');
  });

  it('answers twice differently: the sources do not agree', async () => {
    const moody: TenantRegistry = {
      findBySlug: async (slug) => ({ id: 't_1', slug }),
      findById: async (id) => ({ id, slug: 'acme' }),
    };
    expect(await outcome([bySlug('acme'), byId('t_2')], moody)).toBe('tenant_mismatch');
  });
});

describe('an unknown tenant cannot be told from a forbidden one', () => {
  it('by what the registry is asked, or by the error', async () => {
    const asked: string[][] = [];
    const errors: unknown[] = [];
    for (const slug of ['globex', 'nobody', 'closed']) {
      const registry = known();
      const calls = [vi.spyOn(registry, 'findBySlug'), vi.spyOn(registry, 'findById')];
      const resolver = new TenantResolver(
        { sources: says(bySlug(slug), byId('t_acme')) },
        new CachedTenantRegistry(registry),
      );
      await Promise.resolve(resolver.resolve({ headers: {} })).catch((error: unknown) => errors.push(error));
      asked.push(calls.flatMap((spy) => spy.mock.calls.map(() => spy.getMockName())));
    }
    expect(new Set(asked.map(String)).size).toBe(1);
    expect(asked[0]).toHaveLength(2);
    const [first, ...others] = errors.map((error) => isTenancyError(error) && [error.message, error.getResponse()]);
    expect(others).toEqual([first, first]);
  });
});

describe('the request path', () => {
  it("does no I/O and makes no promise once the registry's answers are remembered", async () => {
    const registry = known();
    const calls = [vi.spyOn(registry, 'findBySlug'), vi.spyOn(registry, 'findById')];
    const resolver = new TenantResolver(
      { sources: says(bySlug('acme'), byId('t_acme')) },
      new CachedTenantRegistry(registry),
    );
    expect(await resolver.resolve({ headers: {} })).toMatchObject(acme);
    const asked = calls.map((spy) => spy.mock.calls.length);
    for (let i = 0; i < 100; i += 1) expect(resolver.resolve({ headers: {} })).toMatchObject(acme);
    expect(calls.map((spy) => spy.mock.calls.length)).toEqual(asked);
  });
});

describe('a hint gives exactly one name', () => {
  it.each<[string, object, string]>([
    ['two that contradict', { id: 't_acme', slug: 'globex' }, 'tenant_source_failed'],
    ['the same, the other way round', { slug: 'globex', id: 't_acme' }, 'tenant_source_failed'],
    ['two that agree', { id: 't_acme', slug: 'acme' }, 'tenant_source_failed'],
    ['an id and a domain', { id: 't_acme', domain: 'globex.test' }, 'tenant_source_failed'],
    ['a domain and a slug', { domain: 'globex.test', slug: 'acme' }, 'tenant_source_failed'],
    ['a name that is null beside another', { id: 't_acme', slug: null }, 'tenant_source_failed'],
    ['one beside undefined', { slug: undefined, id: 't_acme', domain: undefined }, 't_acme'],
    ['a domain beside undefined', { id: undefined, domain: 'acme.test' }, 't_acme'],
    ['none but undefined', { id: undefined }, 'tenant_required'],
    ['none at all', {}, 'tenant_source_failed'],
  ])('%s', async (_, hint, expected) => {
    expect(await outcome([hint as TenantHint])).toBe(expected);
    expect(await outcome([Promise.resolve(hint as TenantHint)])).toBe(expected);
  });
});

describe('a source that never answers', () => {
  it("has failed once its time is over, with a line in the log, and the others' time is their own", async () => {
    const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
    const slow = new Promise<TenantHint>((resolve) => setTimeout(resolve, 10, { id: 't_acme' }));
    const resolver = (sources: TenantSource[]) => new TenantResolver({ sources, sourceTimeout: 60 }, known());
    const never = says(() => new Promise<never>(() => {}));
    await expect(resolver([...says(bySlug('acme')), ...never]).resolve({ headers: {} })).rejects.toMatchObject({
      code: 'tenant_source_failed',
      message: expect.stringMatching(/"source 0" did not answer within 60 ms.+sourceTimeout/),
    });
    expect(log).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/"source 0" did not answer within 60 ms/));
    expect(await resolver(says(slow)).resolve({ headers: {} })).toMatchObject(acme);
    expect(await resolver(never).explain({ headers: {} })).toBe('source 0: no answer in time');
    log.mockRestore();
  });
});
