import type { AddressInfo } from 'node:net';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import { ThrottlerModule } from '@nestjs/throttler';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Redis } from 'ioredis';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext, Untenanted } from '../../src/index.js';
import { TenantThrottlerGuard, tenantLimit } from '../../src/throttler.js';
import { redisMissing, redisUrl, skippedBecause } from '../redis.js';
import { type AdapterName, call, type Server, serve } from '../server.js';
import { serveLimited, slugs, statuses, tenants } from './application.js';
import { RedisThrottlerStorage } from './redis-throttler-storage.js';

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
