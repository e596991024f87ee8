import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantCacheModule } from '../../src/cache.js';
import { redisMissing, redisUrl, skippedBecause } from '../redis.js';
import { acme, asTenant, globex, type Opened, open } from './tenants.js';

/** Another process over the same Redis. */
class Other {
  constructor(private readonly process: ChildProcess) {}

  static async start(...args: string[]): Promise<Other> {
    const other = new Other(fork(join(import.meta.dirname, 'other-process.mjs'), args, { execArgv: [] }));
    await other.#answer();
    return other;
  }

  ask(tenant: typeof acme, operation: string, ...args: unknown[]): Promise<unknown> {
    const answer = this.#answer();
    this.process.send({ tenant, operation, args });
    return answer;
  }

  async stop(): Promise<void> {
    const exit = once(this.process, 'exit');
    this.process.disconnect();
    await exit;
  }

  async #answer(): Promise<unknown> {
    const [{ answer }] = (await once(this.process, 'message')) as [{ answer?: unknown }];
    return answer;
  }
}

describe.skipIf(redisMissing).each([
  { levels: 1, nonBlocking: false },
  { levels: 2, nonBlocking: false },
  { levels: 2, nonBlocking: true },
])(`K10: two processes over Redis, levels: $levels, nonBlocking: $nonBlocking${skippedBecause}`, (how) => {
  let here: Opened;
  let there: Other;
  beforeEach(async () => {
    const namespace = `tenancy-test-${crypto.randomUUID()}`;
    const { levels, nonBlocking } = how;
    there = await Other.start(redisUrl.href, namespace, `${levels}`, `${nonBlocking}`);
    const redis = new Keyv({ store: new KeyvRedis(redisUrl.href, { namespace }), namespace, useKeyPrefix: false });
    const stores = levels === 2 ? [new Keyv(), redis] : redis;
    here = await open(TenantCacheModule.register({ stores, nonBlocking, clearedWithin: 100 }));
  });
  afterEach(async () => {
    await there.stop();
    await here.close();
  });

  it('the second finds what the first has written, and each tenant its own', async () => {
    await Promise.all([acme, globex].map((tenant) => asTenant(tenant, here.cache).set('a', tenant.slug)));
    // `wrap` looks at each level in turn, also where `get` takes the fastest.
    const found = await Promise.all([acme, globex].map((tenant) => asTenant(tenant, here.cache).get('a')));
    expect(found).toEqual(['acme', 'globex']);
    for (const tenant of [acme, globex]) {
      await vi.waitFor(async () => {
        const asked = how.nonBlocking ? 'mget' : 'get';
        const answer = await there.ask(tenant, asked, ...(asked === 'get' ? ['a'] : [['a']]));
        // Its own memory may be asked first, and has nothing.
        expect([tenant.slug, [tenant.slug], ...(how.nonBlocking ? [[null]] : [])]).toContainEqual(answer);
      });
    }
  });

  it('what one clears is gone in the other within its time, and what others have stays', async () => {
    for (const tenant of [acme, globex]) {
      await asTenant(tenant, here.cache).set('a', 'here');
      await there.ask(tenant, 'set', 'a', 'there');
    }
    await asTenant(acme, here.cache).clear();
    expect(await asTenant(acme, here.cache).get('a')).toBeUndefined();
    await vi.waitFor(async () => expect(await there.ask(acme, 'get', 'a')).toBeUndefined(), { interval: 20 });
    expect(await there.ask(globex, 'get', 'a')).toBe('there');
    expect(await asTenant(globex, here.cache).get('a')).toBeDefined();
    // The other way round, and what is written afterwards is found.
    await there.ask(acme, 'set', 'b', 'there');
    await asTenant(acme, here.cache).set('b', 'here');
    await there.ask(acme, 'clear');
    await vi.waitFor(async () => expect(await asTenant(acme, here.cache).get('b')).toBeUndefined(), { interval: 20 });
    await asTenant(acme, here.cache).set('c', 'again');
    expect(await asTenant(acme, here.cache).get('c')).toBe('again');
  });
});
