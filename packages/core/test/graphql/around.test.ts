import { type CanActivate, type ExecutionContext, Injectable, Logger, UseGuards } from '@nestjs/common';
import { Args, Context, Mutation, Query, Resolver, Subscription } from '@nestjs/graphql';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TenantGraphQLModule } from '../../src/graphql.js';
import {
  fromJwt,
  fromRequest,
  fromSubdomain,
  type TenantRequest,
  Untenanted,
  verifiedPayload,
} from '../../src/index.js';
import { acme, call, globex, SECRET, type Server } from '../server.js';
import {
  Client,
  context,
  drivers,
  type Feed,
  feed,
  JobResolver,
  listeningTo,
  pubSub,
  seen,
  tokenOf,
} from './application.js';

vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
const guarded: unknown[] = [];

interface Shared {
  readonly req: TenantRequest;
  readonly request?: TenantRequest;
}

/** As one of an application's own, written for HTTP. */
@Injectable()
class TokenGuard implements CanActivate {
  canActivate(host: ExecutionContext) {
    const { req } = host.getArgByIndex<Shared>(2);
    guarded.push([req.headers.authorization, verifiedPayload<{ tenantId: string }>(req)?.tenantId]);
    return true;
  }
}

@Resolver()
class NewsResolver {
  @Query(() => String)
  nothing() {
    return 'x';
  }

  @UseGuards(TokenGuard)
  @Subscription(() => String, { resolve: (value: string) => `${value} for ${seen()}` })
  news() {
    return pubSub.asyncIterableIterator('news');
  }

  @Untenanted()
  @Subscription(() => String, { resolve: (value: string) => `${value} for ${seen()}` })
  everybodys() {
    return pubSub.shared('news').asyncIterableIterator('said');
  }
}

/** Written as Nest's documentation has it for Mercurius. */
@Resolver()
class MercuriusResolver {
  @Query(() => String)
  nothing() {
    return 'x';
  }

  @Mutation(() => Boolean)
  @Reflect.metadata('design:paramtypes', [Object, String])
  async say(
    @Context('pubsub') own: { publish(event: object): Promise<void> },
    @Args('topic', { type: () => String }) topic: string,
  ) {
    await own.publish({ topic, payload: `said by ${context.tenantId}` });
    return true;
  }

  @Subscription(() => String, { resolve: (value: string) => `${value}, heard by ${seen()}` })
  @Reflect.metadata('design:paramtypes', [Object, String])
  said(
    @Context('pubsub') own: { subscribe(topic: string): Promise<AsyncIterable<string>> },
    @Args('topic', { type: () => String }) topic: string,
  ) {
    return own.subscribe(topic);
  }

  @Subscription(() => String, { resolve: (value: string) => value })
  @Reflect.metadata('design:paramtypes', [Object])
  async *headers(@Context() shared: Shared) {
    yield JSON.stringify([shared.request?.headers, shared.req.headers]);
  }
}

let server: Feed;
const clients: Client[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end()));
  await server.close();
  guarded.length = 0;
});
const connect = (at: string, headers: Record<string, string> = {}) => {
  const client = new Client(server, at, headers);
  clients.push(client);
  return client;
};

describe.each(Object.keys(drivers) as (keyof typeof drivers)[])('around subscriptions of %s', (driver) => {
  it('guards written for HTTP find the headers, the token of connection_init and its verified payload', async () => {
    server = await feed(driver, { providers: [NewsResolver] });
    const token = tokenOf('t_acme');
    const client = await connect('localhost').init({ token });
    client.subscribe('subscription { news }');
    await listeningTo(1);
    await context.run(globex, () => pubSub.publish('news', 'g'));
    await context.run(acme, () => pubSub.publish('news', 'a'));
    expect(await client.events(1)).toEqual([{ data: { news: 'a for t_acme' } }]);
    expect(guarded).toEqual([[`Bearer ${token}`, 't_acme']]);
  });

  it('S6: where a subscription is untenanted, who has no tenant is let in to that alone', async () => {
    server = await feed(driver, { providers: [NewsResolver] });
    const [nobody, wrong, a] = (await Promise.all([
      connect('localhost').init(),
      connect('globex.localhost').init({ token: tokenOf('t_acme') }),
      connect('acme.localhost').init(),
    ])) as [Client, Client, Client];
    for (const client of [nobody, wrong, a]) client.subscribe('subscription { everybodys }');
    await listeningTo(3);
    await context.run(globex, () => pubSub.shared('news').publish('said', 'x'));
    for (const client of [nobody, wrong, a])
      expect(await client.events(1)).toEqual([{ data: { everybodys: 'x for none' } }]);
    for (const [client, code] of [
      [nobody, 'tenant_required'],
      [wrong, 'tenant_mismatch'],
    ] as const) {
      client.subscribe('subscription { news }', '2');
      expect(JSON.stringify(await client.events(1, '2'))).toContain(`"code":"${code}"`);
    }
    expect(guarded).toEqual([]);
    const foreign = await connect('acme.localhost', { origin: 'http://evil.example' }).init();
    expect(foreign.told).toEqual([]);
    expect(await foreign.gone()).toEqual({ code: 4401, reason: 'tenant_mismatch' });
  });

  it("an application's own onConnect has its word, as the socket's tenant, after it is identified", async () => {
    const asked: string[] = [];
    const onConnect = () => {
      asked.push(seen());
      return seen() === 't_acme';
    };
    server = await feed(driver, {
      driver:
        driver === 'Apollo' ? { subscriptions: { 'graphql-ws': { onConnect } } } : { subscription: { onConnect } },
    });
    await connect('acme.localhost').init();
    await (await connect('globex.localhost').init()).gone();
    await (await connect('localhost').init()).gone();
    expect(asked).toEqual(['t_acme', 't_globex']);
  });

  it('sources of a later moment are asked at the handshake', async () => {
    const sent = fromRequest(({ headers }) => headers['x-session'] as string | undefined, { after: 'middleware' });
    server = await feed(driver, {
      sources: [fromSubdomain({ baseDomain: 'localhost' }), fromJwt({ secret: SECRET }), sent],
    });
    const client = await connect('localhost', { 'x-session': 't_acme' }).init();
    client.subscribe('subscription { closed { by } }');
    await listeningTo(1);
    await context.run(acme, () => pubSub.publish('closed', { id: '1', by: 'acme' }));
    expect(await client.events(1)).toEqual([{ data: { closed: { by: 'acme' } } }]);
    const wrong = await connect('globex.localhost', { 'x-session': 't_acme' }).init();
    expect(await wrong.gone()).toEqual({ code: 4401, reason: 'tenant_mismatch' });
    const beside = await connect('localhost').init({ headers: { 'x-session': 't_acme' } });
    expect(await beside.gone()).toEqual({ code: 4401, reason: 'tenant_required' });
  });

  it('S6: a token of the header ends the socket as well', async () => {
    server = await feed(driver);
    const client = await connect('localhost', { authorization: `Bearer ${tokenOf('t_acme', 2)}` }).init();
    expect(client.told).toHaveLength(1);
    expect(await client.gone()).toEqual({ code: 4401, reason: 'tenant_required' });
  });

  it('an id of a subscription that is in use reaches no other subscription', async () => {
    server = await feed(driver);
    const [a, g] = (await Promise.all([connect('acme.localhost').init(), connect('globex.localhost').init()])) as [
      Client,
      Client,
    ];
    for (const client of [a, g]) client.subscribe('subscription { closed { by } }', 'same');
    await listeningTo(2);
    a.send({ id: 'same', type: 'complete' });
    await listeningTo(1);
    await context.run(globex, () => pubSub.publish('closed', { id: '1', by: 'globex' }));
    expect(await g.events(1, 'same')).toEqual([{ data: { closed: { by: 'globex' } } }]);
    expect(a.told.filter(({ type }) => type === 'next')).toEqual([]);
  });
});

describe('Mercurius alone', () => {
  const say = (by: typeof acme, topic: string) =>
    call(server, `${by.slug}.localhost`, '/graphql', { body: { query: `mutation { say(topic: "${topic}") }` } });

  it("S6: topics of its own pubsub are the tenant's, wildcards included", async () => {
    server = await feed('Mercurius', { providers: [MercuriusResolver] });
    const [a, g, all] = (await Promise.all(
      [acme, globex, globex].map(({ slug }) => connect(`${slug}.localhost`).init()),
    )) as [Client, Client, Client];
    for (const client of [a, g]) client.subscribe('subscription { said(topic: "x") }');
    all.subscribe('subscription { said(topic: "#") }');
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const by of [acme, globex, acme, globex]) expect((await say(by, 'x')).body).toEqual({ data: { say: true } });
    const heard = (id: string) => ({ data: { said: `said by ${id}, heard by ${id}` } });
    expect(await a.events(2)).toEqual([heard('t_acme'), heard('t_acme')]);
    expect(await g.events(2)).toEqual([heard('t_globex'), heard('t_globex')]);
    for (const { payload } of all.told.filter(({ id }) => id)) expect(payload).toEqual(heard('t_globex'));
    const emitter = (server as Server).app.getHttpAdapter().getInstance() as {
      graphql: { pubsub: { publish(e: object): void } };
    };
    expect(() => emitter.graphql.pubsub.publish({ topic: 'x', payload: 1 })).toThrow(/tenant_context_missing/);
  });

  it('S6: what connection_init calls headers reaches no header that a source reads', async () => {
    const sent = fromRequest(({ headers }) => headers['x-session'] as string | undefined, { after: 'middleware' });
    server = await feed('Mercurius', {
      providers: [MercuriusResolver],
      sources: [fromSubdomain({ baseDomain: 'localhost' }), sent],
    });
    const client = await connect('acme.localhost').init({ headers: { 'x-session': 't_globex', 'x-other': '1' } });
    for (const id of ['1', '2']) {
      client.subscribe('subscription { headers }', id);
      const [event] = (await client.events(1, id)) as [{ data: { headers: string } }];
      expect(event.data.headers).toContain('"x-other":"1"');
    }
  });

  it('S6: a token that an operation brings of its own is one of the same tenant', async () => {
    server = await feed('Mercurius', { driver: { subscription: { onConnect: () => ({ own: 1 }) } } });
    const client = await connect('acme.localhost').init();
    const operation = (id: string, tenantId: string) =>
      client.send({
        id,
        type: 'subscribe',
        payload: { query: 'subscription { closed { by } }' },
        extensions: [{ type: 'connectionInit', payload: { token: tokenOf(tenantId) } }],
      });
    operation('g', 't_globex');
    // Refused by then, or listening.
    await Promise.race([client.events(1, 'g'), listeningTo(1)]);
    expect(JSON.stringify(client.told)).toContain('Forbidden');
    operation('a', 't_acme');
    await listeningTo(1);
    await context.run(acme, () => pubSub.publish('closed', { id: '1', by: 'acme' }));
    expect(await client.events(1, 'a')).toEqual([{ data: { closed: { by: 'acme' } } }]);
  });
});

describe('TenantGraphQLModule', () => {
  it.each([
    [{ origin: ['x'] }, /origin/],
    [{ origins: ['no origin'] }, /TenantGraphQLModule\.origins/],
    [{ recheck: 0 }, /TenantGraphQLModule\.recheck/],
    [{ eventStream: 'stream' }, /TenantGraphQLModule\.eventStream: is no path/],
  ])('names the option that is wrong: %j', (options, message) => {
    expect(() => TenantGraphQLModule.forRoot(options as never)).toThrow(message);
  });

  it('serves the options of a driver in one application after another, each with its own tenants', async () => {
    const graphql = drivers.Apollo[1]({});
    const providers = [JobResolver];
    for (let i = 0; i < 2; i += 1) {
      server = await feed('Apollo', { graphql, providers });
      server.registry.suspended.add(i === 0 ? 't_globex' : 't_acme');
      const client = await connect(i === 0 ? 'acme.localhost' : 'globex.localhost').init();
      expect(client.told).toEqual([{ type: 'connection_ack' }]);
      if (i === 0) await server.close();
    }
  });

  it('refuses the protocol that its authors have given up, by name', async () => {
    await expect(feed('Apollo', { driver: { subscriptions: { 'subscriptions-transport-ws': true } } })).rejects.toThrow(
      /subscriptions-transport-ws.+graphql-ws/,
    );
    server = await feed('Apollo');
  });
});
