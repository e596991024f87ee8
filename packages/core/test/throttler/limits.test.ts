import type { ThrottlerModuleOptions } from '@nestjs/throttler';
import { afterEach, describe, expect, it } from 'vitest';
import { acrossTenants, byTenant, tenantLimit } from '../../src/throttler.js';
import { adapters, call, type Server } from '../server.js';
import { afterGuards, planOf, serveLimited, slugs, statuses, tenants } from './application.js';

const interleaved = (path: string, rounds: number, of: readonly string[] = slugs) =>
  Array.from({ length: rounds }, () => of.map((slug) => [slug, path] as const)).flat();
const passed = (all: readonly number[]) => all.filter((status) => status === 200).length;

describe.each(adapters)('limits on %s', (adapter) => {
  let server: Server;
  afterEach(() => server.close());
  const open = async (limits: ThrottlerModuleOptions, sources?: Parameters<typeof serveLimited>[2]) => {
    server = await serveLimited(adapter, limits, sources);
  };

  it('X1: six tenants behind one address have three calls each, interleaved, and a fourth is refused', async () => {
    await open([{ limit: 3, ttl: 60_000 }]);
    expect(passed(await statuses(server, interleaved('/jobs', 3)))).toBe(18);
    expect(passed(await statuses(server, interleaved('/jobs', 1)))).toBe(0);
    const refused = await call(server, 'two.app.example.com', '/jobs');
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, expect.stringMatching(/^\d+$/)]);
  });

  it('X1: a burst of one tenant refuses no other, and no other route of its own', async () => {
    await open([{ limit: 3, ttl: 60_000 }]);
    expect(passed(await statuses(server, interleaved('/jobs', 40, ['three'])))).toBe(3);
    const others = await statuses(server, interleaved('/jobs', 3, ['four', 'five', 'six', 'one']));
    expect(passed(others)).toBe(12);
    expect(await statuses(server, [['three', '/candidates']])).toEqual([200]);
  });

  it('X1: a tenant as a whole has a limit of its own, by its plan, over all routes and callers', async () => {
    await open([
      { limit: 100, ttl: 60_000 },
      tenantLimit({ name: 'tenant', limit: (tenant) => (planOf(tenant) === 'big' ? 8 : 4), ttl: () => 60_000 }),
    ]);
    const asked = [...interleaved('/jobs', 5), ...interleaved('/candidates', 5)];
    const replies = await statuses(server, asked);
    const of = (slug: string) => passed(replies.filter((_, index) => asked[index]?.[0] === slug));
    expect(slugs.map(of)).toEqual([8, 4, 4, 4, 4, 4]);
    const { headers } = await call(server, 'two.app.example.com', '/free');
    expect(headers).toMatchObject({ 'retry-after-tenant': expect.any(String) });
  });

  it('X1: each user of a tenant has a limit, and users of one name in two tenants are two', async () => {
    await open([
      { limit: 100, ttl: 60_000 },
      tenantLimit({ name: 'user', limit: 2, ttl: 60_000, by: (request) => request['user'].id }),
    ]);
    const asked = ['one', 'two'].flatMap((slug) =>
      ['ann', 'bob', 'ann', 'bob', 'ann', 'bob'].map(
        (user, turn) => [slug, turn % 2 ? '/jobs' : '/candidates', `x:${user}`] as const,
      ),
    );
    const replies = await statuses(server, asked);
    expect(passed(replies)).toBe(8);
    expect(passed(replies.slice(0, 6))).toBe(4);
  });

  it('@Throttle and @SkipThrottle are what they were, and a limit of a route is by plan', async () => {
    await open([{ limit: 1, ttl: 60_000 }]);
    expect(passed(await statuses(server, interleaved('/free', 5)))).toBe(30);
    expect(passed(await statuses(server, interleaved('/export', 5)))).toBe(4 + 5 * 2);
  });

  it("routes without a tenant are counted as nobody's, without failing", async () => {
    await open([{ limit: 2, ttl: 60_000 }, tenantLimit({ name: 'tenant', limit: 1, ttl: 60_000 })]);
    const replies = await statuses(server, interleaved('/health', 2, ['one', 'two']));
    expect(passed(replies)).toBe(2);
    expect(await statuses(server, [['one', '/jobs']])).toEqual([200]);
  });

  it('what is counted across tenants holds an address that tries one after the other', async () => {
    await open([{ limit: 3, ttl: 60_000 }, acrossTenants({ name: 'address', limit: 10, ttl: 60_000 })]);
    expect(passed(await statuses(server, interleaved('/jobs', 3)))).toBe(10);
  });

  it("a key of the application's own has its tenant before it", async () => {
    await open({
      throttlers: [{ limit: 2, ttl: 60_000 }],
      generateKey: (_, tracker) => tracker,
      getTracker: () => 'one',
    });
    expect(passed(await statuses(server, interleaved('/jobs', 3)))).toBe(12);
  });

  it('X1: a tenant that is known after the guards is asked for once a guard has found the user', async () => {
    await open([{ limit: 3, ttl: 60_000 }], afterGuards);
    const asked = tenants.flatMap(({ id }) => Array.from({ length: 4 }, () => ['x', '/jobs', `${id}:ann`] as const));
    expect(passed(await statuses(server, asked))).toBe(18);
  });

  it('a function that answers with what is no limit lets nobody through', async () => {
    await open([{ limit: 3, ttl: 60_000 }, tenantLimit({ name: 'tenant', limit: 1, ttl: () => 0 })]);
    expect(await statuses(server, [['one', '/jobs']])).toEqual([500]);
    expect(await statuses(server, [['one', '/health']])).toEqual([200]);
  });

  it('a limit of tenants is refused by name where it is wrong', async () => {
    await open([{ limit: 3, ttl: 60_000 }]);
    expect(() => tenantLimit({ name: 't', limt: 1, ttl: 1 } as never)).toThrow(
      /tenantLimit\.limt: is unknown.*`limit`/,
    );
    expect(() => tenantLimit({ name: '', limit: 1, ttl: 1 })).toThrow(/tenantLimit\.name: is missing/);
    expect(() => tenantLimit({ name: 't', limit: '1' as never, ttl: 1 })).toThrow(/tenantLimit\.limit: is neither/);
    expect(() => tenantLimit({ name: 't', limit: 1, ttl: 1, by: 'user' as never })).toThrow(/tenantLimit\.by/);
    expect(() => byTenant((() => 1) as never, undefined as never)).toThrow(/byTenant: has no number/);
    expect(() => acrossTenants(undefined as never)).toThrow(/acrossTenants: is given no limit/);
  });
});

const noNumbers: readonly unknown[] = [Number.NaN, -1, Number.POSITIVE_INFINITY, 1.5, 2 ** 53, '1', null];

it.each([
  ...noNumbers.map((value) => ['limit', value, { limit: value }] as const),
  ...[0, ...noNumbers].map((value) => ['ttl', value, { ttl: value }] as const),
  ...noNumbers.map((value) => ['blockDuration', value, { blockDuration: value }] as const),
])('tenantLimit.%s: %s is refused at the start', (option, _, wrong) => {
  const given = { name: 't', limit: 1, ttl: 1, ...wrong } as never;
  expect(() => tenantLimit(given)).toThrow(new RegExp(`tenantLimit\\.${option}: is neither a whole number`));
});

it.each(noNumbers)('byTenant: %s for calls without a tenant is refused at the start', (otherwise) => {
  expect(() => byTenant(() => 1, otherwise as never)).toThrow(/byTenant: has no number/);
});

it('a limit of 0 lets nobody through, and a block of 0 is none', () => {
  expect(() => tenantLimit({ name: 't', limit: 0, ttl: 1, blockDuration: 0 })).not.toThrow();
});
