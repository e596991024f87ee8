import { EventEmitter } from 'node:events';
import { Logger, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { PubSub, withFilter } from 'graphql-subscriptions';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TenantPubSub } from '../../src/graphql.js';
import { fromSubdomain, TenancyModule, TenantContext } from '../../src/index.js';
import { acme, globex, testRegistry } from '../server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');
const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
afterEach(() => log.mockClear());

/** Everything that is subscribed to an engine. */
function engineWithEars() {
  const ears = new EventEmitter();
  return { engine: new PubSub({ eventEmitter: ears }), ears };
}

const listeners = (ears: EventEmitter) => ears.eventNames().reduce((sum, name) => sum + ears.listenerCount(name), 0);

async function firstOf<T>(events: AsyncIterator<T>, count: number): Promise<T[]> {
  const got: T[] = [];
  while (got.length < count) got.push((await events.next()).value as T);
  return got;
}

describe('TenantPubSub', () => {
  it("S6: interleaved, one topic delivers to each tenant its own events and nobody else's", async () => {
    const { engine, ears } = engineWithEars();
    const pubSub = new TenantPubSub(engine);
    const tenants = Array.from({ length: 20 }, (_, i) => (i % 2 ? acme : globex));
    const subscriptions = tenants.map((tenant) =>
      context.run(tenant, () => pubSub.asyncIterableIterator<string>(['closed', 'opened'])),
    );
    const reading = subscriptions.map((events) => firstOf(events, 4));
    while (listeners(ears) < 40) await new Promise(setImmediate);
    for (const tenant of [acme, globex, acme, globex]) {
      await context.run(tenant, () => pubSub.publish('closed', `closed by ${tenant.id}`));
      await context.run(tenant, () => pubSub.publish('opened', `opened by ${tenant.id}`));
    }
    const all = await Promise.all(reading);
    for (const [i, got] of all.entries()) {
      const { id } = tenants[i] as typeof acme;
      expect(got).toEqual([`closed by ${id}`, `opened by ${id}`, `closed by ${id}`, `opened by ${id}`]);
    }
    await Promise.all(subscriptions.map((events) => events.return?.()));
    expect(listeners(ears)).toBe(0);
  });

  it('S6: a listener is called as whoever has subscribed, whoever publishes', async () => {
    const { engine, ears } = engineWithEars();
    const pubSub = new TenantPubSub(engine);
    const heard: string[] = [];
    const ids = await Promise.all(
      [acme, globex].map((tenant) =>
        context.run(tenant, () =>
          pubSub.shared('news').subscribe('said', (what) => heard.push(`${what} to ${seen()}`)),
        ),
      ),
    );
    await context.run(globex, () => pubSub.shared('news').publish('said', 'hello'));
    expect(heard).toEqual(['hello to t_acme', 'hello to t_globex']);
    for (const id of ids) pubSub.unsubscribe(id);
    expect(listeners(ears)).toBe(0);
  });

  it('S6: without a tenant nothing is published or subscribed to, and the error names the fix', async () => {
    const pubSub = new TenantPubSub(new PubSub());
    const refused = { code: 'tenant_context_missing', message: expect.stringContaining('TenantPubSub.shared(name)') };
    await expect(pubSub.publish('closed', 1)).rejects.toMatchObject(refused);
    await expect(pubSub.subscribe('closed', () => {})).rejects.toMatchObject(refused);
    expect(() => pubSub.asyncIterableIterator('closed')).toThrow(/tenant_context_missing.+shared\(name\)/);
  });

  it("S6: what is everybody's is shared by its name, with and without a tenant, and is no tenant's topic", async () => {
    const pubSub = new TenantPubSub(new PubSub());
    const rates = pubSub.shared('rates');
    const own = context.run(acme, () => firstOf(pubSub.asyncIterableIterator('changed'), 1));
    const shared = context.run(acme, () => firstOf(rates.asyncIterableIterator('changed'), 2));
    const others = firstOf(pubSub.shared('others').asyncIterableIterator('changed'), 1);
    await new Promise(setImmediate);
    await rates.publish('changed', 1);
    await context.run(globex, () => rates.publish('changed', 2));
    await pubSub.shared('others').publish('changed', 'other');
    await context.run(acme, () => pubSub.publish('changed', 'own'));
    expect(await Promise.all([own, shared, others])).toEqual([['own'], [1, 2], ['other']]);
    for (const name of ['', '\ud800', 5 as never]) expect(() => pubSub.shared(name)).toThrow(/is given no name/);
  });

  it('S6: no two tenants and names have one topic in common, whatever is in them', async () => {
    const published: string[] = [];
    const engine = Object.assign(new PubSub(), {
      publish: async (topic: string) => void published.push(topic),
    });
    const pubSub = new TenantPubSub(engine);
    const ids = ['a', 'a/b', '*', '#', '+', 'a.>', '?', '../a', 't/a'];
    for (const id of ids) await context.run({ id, slug: 'x' }, () => pubSub.publish('b/c', 1));
    for (const id of ids) await pubSub.shared(id).publish('b/c', 1);
    expect(new Set(published).size).toBe(2 * ids.length);
    for (const topic of published) expect(topic).toMatch(/^tenancy\/[ts]\/[\w%-]+\/b\/c$/);
  });

  it("S6: an event of the engine's that was not published here, or as another tenant, is not delivered", async () => {
    const { engine, ears } = engineWithEars();
    const pubSub = new TenantPubSub(engine);
    const reading = context.run(acme, () => firstOf(pubSub.asyncIterableIterator<number>('closed'), 1));
    const heard: unknown[] = [];
    await context.run(acme, () => pubSub.subscribe('closed', (what) => heard.push(what)));
    while (listeners(ears) < 2) await new Promise(setImmediate);
    const [topic] = ears.eventNames() as string[];
    const messages: unknown[] = [];
    await context.run(globex, () => pubSub.subscribe('closed', () => {}));
    ears.on('tenancy/t/t_globex/closed', (message) => messages.push(message));
    await context.run(globex, () => pubSub.publish('closed', 'of globex'));
    for (const forged of [...messages, 'raw', null, undefined, { payload: 1 }, { tenancy: 'v1.nobody', payload: 1 }])
      ears.emit(topic as string, forged);
    expect(log).toHaveBeenCalled();
    expect(JSON.stringify(log.mock.calls)).not.toMatch(/globex|acme|closed/);
    await context.run(acme, () => pubSub.publish('closed', 7));
    expect([await reading, heard]).toEqual([[7], [7]]);
  });

  it('S6: with a secret, what others write to the broker is not delivered, nor is an event at another topic', async () => {
    const { engine, ears } = engineWithEars();
    const pubSub = new TenantPubSub(engine, { secret: ['n'.repeat(32), 'o'.repeat(32)] });
    const before = new TenantPubSub(engine, { secret: 'o'.repeat(32) });
    const others = [new TenantPubSub(engine), new TenantPubSub(engine, { secret: 'x'.repeat(32) })];
    const reading = context.run(acme, () => firstOf(pubSub.asyncIterableIterator<number>('closed'), 2));
    while (listeners(ears) < 1) await new Promise(setImmediate);
    let opened: unknown;
    ears.on('tenancy/t/t_acme/opened', (message) => {
      opened = message;
    });
    await context.run(acme, async () => {
      for (const other of others) await other.publish('closed', 'forged');
      await pubSub.publish('opened', 'of another topic');
      ears.emit('tenancy/t/t_acme/closed', opened);
      await before.publish('closed', 1);
      await pubSub.publish('closed', 2);
    });
    expect(await reading).toEqual([1, 2]);
    expect(() => context.run(acme, () => pubSub.asyncIterator('closed*', { pattern: true }))).toThrow(/by a pattern/);
    expect(() => new TenantPubSub(engine, { secret: 'short' })).toThrow(/TenantPubSub\.secret/);
  });

  it('works with withFilter of graphql-subscriptions, whose filter is asked as the subscriber', async () => {
    const pubSub = new TenantPubSub(new PubSub());
    const asked: string[] = [];
    const filtered = withFilter(
      () => pubSub.asyncIterableIterator<number>('closed'),
      (value) => {
        asked.push(seen());
        return Number(value) > 1;
      },
    );
    const reading = context.run(acme, async () => firstOf((await filtered()) as AsyncIterator<number>, 1));
    await new Promise(setImmediate);
    for (const value of [1, 2]) {
      await context.run(globex, () => pubSub.publish('closed', 9));
      await context.run(acme, () => pubSub.publish('closed', value));
    }
    expect([await reading, asked]).toEqual([[2], ['t_acme', 't_acme']]);
  });

  it('is refused over what is no engine, and with an option that it has not', () => {
    for (const wrong of [undefined, null, {}, new EventEmitter()]) {
      expect(() => new TenantPubSub(wrong as never)).toThrow(/TenantPubSub: is given an engine without/);
    }
    expect(() => new TenantPubSub(new PubSub(), { secrets: 'x' } as never)).toThrow(/secrets/);
  });
});

describe('a raw PubSub beside TenancyModule', () => {
  const start = async (...providers: object[]) => {
    @Module({ providers: providers as never[] })
    class FeedModule {}
    const tenancy = TenancyModule.forRoot({
      registry: testRegistry(),
      sources: [fromSubdomain({ baseDomain: 'x.test' })],
    });
    const module = await Test.createTestingModule({ imports: [tenancy, FeedModule] }).compile();
    await module.init();
    await module.close();
  };

  it('S6: is refused by name at start, with the fix', async () => {
    await expect(start({ provide: 'PUB_SUB', useFactory: () => new PubSub() })).rejects.toThrow(
      /tenancy_misconfigured: The PubSub "PUB_SUB" of FeedModule: .+new TenantPubSub\(…\)/,
    );
  });

  it('is let be inside of a TenantPubSub', async () => {
    const raw = { provide: 'RAW', useFactory: () => new PubSub() };
    await start(raw, { provide: 'PUB_SUB', useFactory: (engine: PubSub) => new TenantPubSub(engine), inject: ['RAW'] });
  });
});
