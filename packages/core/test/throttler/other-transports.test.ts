import type { AddressInfo } from 'node:net';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Controller, Logger, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { MessagePattern } from '@nestjs/microservices';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import { ThrottlerModule, type ThrottlerOptions } from '@nestjs/throttler';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Redis } from 'ioredis';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  fromSubdomain,
  InMemoryTenantRegistry,
  TenancyModule,
  type Tenant,
  TenantContext,
  Untenanted,
} from '../../src/index.js';
import { TenantThrottlerGuard, tenantLimit } from '../../src/throttler.js';
import {
  acme,
  context,
  globex,
  initech,
  OnEvent,
  receiver,
  SECRET,
  type Sender,
  sender,
  turns,
} from '../microservices/application.js';
import { wayOf } from '../microservices/transports.js';
import { redisMissing, redisUrl, skippedBecause } from '../redis.js';
import { type AdapterName, call, type Server, serve } from '../server.js';
import { serveLimited, slugs, statuses, tenants } from './application.js';
import { RedisThrottlerStorage } from './redis-throttler-storage.js';

vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});

const tenancy = () =>
  TenancyModule.forRoot({
    registry: new InMemoryTenantRegistry(tenants),
    sources: [fromSubdomain({ baseDomain: 'app.example.com' })],
  });
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

@Resolver()
class JobsResolver {
  @Query(() => String)
  jobs() {
    return 'jobs';
  }

  @Untenanted()
  @Query(() => String)
  health() {
    return 'health';
  }
}

const drivers: [string, AdapterName, () => ReturnType<typeof GraphQLModule.forRoot>][] = [
  [
    'Apollo',
    'express',
    () => GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true, graphiql: false }),
  ],
  [
    'Mercurius',
    'fastify',
    () => GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true }),
  ],
];

it.each(drivers)('X1: over GraphQL with %s, each tenant has its own count', async (_, adapter, graphql) => {
  const server = await serve(adapter, {
    imports: [tenancy(), ThrottlerModule.forRoot([{ limit: 2, ttl: 60_000 }]), graphql()],
    providers: [JobsResolver, { provide: APP_GUARD, useClass: TenantThrottlerGuard }],
  });
  closing.push(() => server.close());
  const ask = async (slug: string, query: string) => {
    const reply = await call(server, `${slug}.app.example.com`, '/graphql', { body: { query } });
    return [JSON.stringify(reply.body).includes('Too Many Requests'), reply.headers['x-ratelimit-remaining']];
  };
  const asked = Array.from({ length: 3 }, () => slugs).flat();
  const answers = await Promise.all(asked.map((slug) => ask(slug, '{ jobs }')));
  expect(answers.filter(([isRefused]) => isRefused)).toHaveLength(6);
  expect(await ask('one', '{ health }')).toEqual([false, '1']);
  expect(await ask('two', '{ health }')).toEqual([false, '0']);
});

@WebSocketGateway()
class JobsGateway {
  @UseGuards(TenantThrottlerGuard)
  @SubscribeMessage('jobs')
  jobs() {
    return { event: 'jobs', data: 'jobs' };
  }
}

/** The tenant of a message, entered around its handler by the application itself. */
class EnteringAdapter extends IoAdapter {
  override bindMessageHandlers(client: never, handlers: never, transform: never): void {
    const entered = (handlers as { callback(data: { as: string }): unknown }[]).map((handler) => ({
      ...handler,
      callback: (data: { as: string }) => {
        const tenant = tenants.find(({ slug }) => slug === data.as) as (typeof tenants)[number];
        return new TenantContext().run(tenant, () => handler.callback(data));
      },
    }));
    super.bindMessageHandlers(client, entered as never, transform);
  }
}

it('X1: over a socket, each tenant has its own count, and the client is told', async () => {
  const module = await Test.createTestingModule({
    imports: [tenancy(), ThrottlerModule.forRoot([{ limit: 2, ttl: 60_000 }])],
    providers: [JobsGateway],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  app.useWebSocketAdapter(new EnteringAdapter(app));
  await app.listen(0, '127.0.0.1');
  closing.push(() => app.close());
  const socket = io(`http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`);
  closing.push(async () => socket.close());
  await new Promise<void>((resolve) => void socket.on('connect', resolve));
  const answers: string[] = [];
  const all = new Promise<void>((resolve) => {
    const told = (answer: string) => {
      if (answers.push(answer) === 9) resolve();
    };
    socket.on('jobs', told).on('exception', ({ message }: { message: string }) => told(message));
  });
  for (let round = 0; round < 3; round += 1) for (const as of ['one', 'two', 'three']) socket.emit('jobs', { as });
  await all;
  expect(answers.filter((answer) => answer === 'jobs')).toHaveLength(6);
  expect(answers.filter((answer) => /Too Many Requests/.test(answer))).toHaveLength(3);
});

const ran: string[] = [];

@Controller()
@UseGuards(TenantThrottlerGuard)
class PricesController {
  @MessagePattern('price')
  price() {
    return context.tenantId;
  }

  @MessagePattern('stock')
  stock() {
    return context.tenantId;
  }

  @OnEvent('sold')
  sold() {
    ran.push(context.tenantId);
  }

  @Untenanted()
  @MessagePattern('health')
  health() {
    return 'nobody';
  }
}

describe('X1: over messages', () => {
  const open = async (...limits: ThrottlerOptions[]): Promise<Sender> => {
    const { server, client } = await wayOf('TCP').open();
    const to = await receiver(server, [PricesController], { imports: [ThrottlerModule.forRoot(limits)] });
    const from = await sender(client(), { secret: SECRET, shared: ['health'] });
    closing.push(from.close, to.close);
    return from;
  };
  const refused = { status: 'error', message: 'ThrottlerException: Too Many Requests' };
  const ask = ({ client }: Sender, tenant: Tenant | null, pattern: string): Promise<unknown> => {
    const answer = () => firstValueFrom(client.send<unknown>(pattern, {})).catch((error: unknown) => error);
    return tenant ? context.run(tenant, answer) : answer();
  };
  const burst = (from: Sender, tenant: Tenant, pattern: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => ask(from, tenant, pattern)));

  it('a burst of one tenant is refused to it, and to no other, nor another handler of its own, interleaved', async () => {
    const from = await open({ limit: 3, ttl: 60_000 });
    const [ofAcme, ofGlobex] = await Promise.all([burst(from, acme, 'price', 40), burst(from, globex, 'price', 3)]);
    expect(ofAcme.filter((answer) => answer === 't_acme')).toHaveLength(3);
    expect(ofAcme.filter((answer) => answer !== 't_acme')).toEqual(Array(37).fill(refused));
    expect(ofGlobex).toEqual(Array(3).fill('t_globex'));
    expect(await burst(from, initech, 'price', 4)).toEqual([...Array(3).fill('t_initech'), refused]);
    expect(await ask(from, acme, 'stock')).toBe('t_acme');
    expect([await ask(from, globex, 'price'), await ask(from, acme, 'price')]).toEqual([refused, refused]);
  });

  it("a tenant as a whole has its limit, by its own fields, over all handlers; what is nobody's is not counted for it", async () => {
    const limit = ({ slug }: Tenant) => (slug === 'acme' ? 6 : 4);
    const from = await open({ limit: 100, ttl: 60_000 }, tenantLimit({ name: 'tenant', limit, ttl: 60_000 }));
    const answers = await Promise.all(turns(30).map((tenant, i) => ask(from, tenant, i % 2 ? 'price' : 'stock')));
    const passed = (id: string) => answers.filter((answer) => answer === id).length;
    expect(['t_acme', 't_globex', 't_initech'].map(passed)).toEqual([6, 4, 4]);
    expect(answers.filter((answer) => typeof answer !== 'string')).toEqual(Array(16).fill(refused));
    expect(await ask(from, null, 'health')).toBe('nobody');
    expect(await ask(from, acme, 'health')).toBe('nobody');
  });

  it('events of a burst do not run, and those of others do', async () => {
    const from = await open({ limit: 2, ttl: 60_000 });
    const emit = (tenant: Tenant) =>
      context.run(tenant, () => lastValueFrom(from.client.emit('sold', {}), { defaultValue: null }));
    await Promise.all([...Array(10).fill(acme), globex, ...Array(10).fill(acme), globex, initech].map(emit));
    // Behind them on the same connection.
    expect(await ask(from, initech, 'stock')).toBe('t_initech');
    await vi.waitFor(() => expect(ran.toSorted()).toEqual(['t_acme', 't_acme', 't_globex', 't_globex', 't_initech']));
  });
});

describe('counts that processes share', () => {
  it.skipIf(redisMissing)(`X1: two applications over one Redis count each tenant once${skippedBecause}`, async () => {
    const redis = new Redis(redisUrl.href);
    const prefix = `throttler-${process.pid}-${Date.now()}`;
    closing.push(async () => {
      const keys = await redis.keys(`${prefix}:*`);
      if (keys.length > 0) await redis.del(...keys);
      await redis.quit();
    });
    const servers: Server[] = [];
    for (const adapter of ['express', 'fastify'] as const) {
      const storage = new RedisThrottlerStorage(redis, prefix);
      servers.push(
        await serveLimited(adapter, {
          storage,
          throttlers: [{ limit: 4, ttl: 60_000 }, tenantLimit({ name: 'tenant', limit: 6, ttl: 60_000 })],
        }),
      );
    }
    closing.unshift(...servers.map((server) => () => server.close()));
    const asked = Array.from({ length: 4 }, () => slugs.map((slug) => [slug, '/jobs'] as const)).flat();
    const answers = await Promise.all(servers.map((server) => statuses(server, asked)));
    expect(answers.flat().filter((status) => status === 200)).toHaveLength(24);
    const more = await Promise.all(
      servers.map((server) =>
        statuses(
          server,
          asked.map(([slug]) => [slug, '/candidates'] as const),
        ),
      ),
    );
    expect(more.flat().filter((status) => status === 200)).toHaveLength(12);
  });
});
