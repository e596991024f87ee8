// An application of whichever Nest is installed beside this file, written without decorators so that Node runs it as it is:
// `node subscriptions.mjs <esm|cjs> <apollo|mercurius>`. Says `held` at its end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const [, , format, kind] = process.argv;
const require = createRequire(import.meta.url);
const load = async (name) => (format === 'cjs' ? require(name) : await import(name));

await load('reflect-metadata');
const { Module } = await load('@nestjs/common');
const { NestFactory } = await load('@nestjs/core');
const { Args, GraphQLModule, Mutation, Query, Resolver, Subscription } = await load('@nestjs/graphql');
const { PubSub } = await load('graphql-subscriptions');
const { fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext } = await load('@tenancy/core');
const { TenantGraphQLModule, TenantPubSub } = await load('@tenancy/core/graphql');
const { WebSocket } = await import('ws');
const isApollo = kind === 'apollo';
const { ApolloDriver } = isApollo ? await load('@nestjs/apollo') : {};
const { MercuriusDriver } = isApollo ? {} : await load('@nestjs/mercurius');
const { FastifyAdapter } = isApollo ? {} : await load('@nestjs/platform-fastify');

const context = new TenantContext();
const pubSub = new TenantPubSub(new PubSub());
let listening = 0;

class Feed {
  who() {
    return context.tenantId;
  }
  async close(id) {
    await pubSub.publish('closed', `${id} by ${context.tenantId}`);
    return true;
  }
  closed() {
    listening += 1;
    return pubSub.asyncIterableIterator('closed');
  }
}
const text = () => String;
const decorate = (name, ...decorators) => {
  for (const decorator of decorators) {
    decorator(Feed.prototype, name, Object.getOwnPropertyDescriptor(Feed.prototype, name));
  }
};
Reflect.defineMetadata('design:paramtypes', [String], Feed.prototype, 'close');
Args('id', { type: text })(Feed.prototype, 'close', 0);
decorate('who', Query(text));
decorate(
  'close',
  Mutation(() => Boolean),
);
decorate('closed', Subscription(text, { resolve: (said) => `${said}, heard by ${context.tenantId}` }));
Resolver()(Feed);

class AppModule {}
Module({
  imports: [
    TenancyModule.forRoot({
      registry: new InMemoryTenantRegistry([
        { id: 't_acme', slug: 'acme' },
        { id: 't_globex', slug: 'globex' },
      ]),
      sources: [fromSubdomain({ baseDomain: 'localhost' })],
    }),
    TenantGraphQLModule.forRoot(),
    GraphQLModule.forRoot(
      isApollo
        ? { driver: ApolloDriver, autoSchemaFile: true, graphiql: false, subscriptions: { 'graphql-ws': true } }
        : { driver: MercuriusDriver, autoSchemaFile: true, subscription: true },
    ),
  ],
  providers: [Feed],
})(AppModule);

const app = await NestFactory.create(AppModule, ...(isApollo ? [] : [new FastifyAdapter()]), {
  logger: false,
  abortOnError: false,
});
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();

const connect = async (host) => {
  const heard = [];
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', { headers: { host } });
  const ended = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }));
  await once(socket, 'open');
  const acknowledged = new Promise((resolve) => {
    socket.on('message', (message) => {
      const { type, payload } = JSON.parse(String(message));
      if (type === 'connection_ack') resolve(null);
      if (type === 'next') heard.push(payload.data.closed);
    });
  });
  socket.send(JSON.stringify({ type: 'connection_init' }));
  return { heard, socket, ended, end: await Promise.race([acknowledged, ended]) };
};
const { request } = await import('node:http');
/** With the host of a tenant, which `fetch` does not let a caller say. */
const close = (host, id) =>
  new Promise((resolve, reject) => {
    const headers = { host, 'content-type': 'application/json' };
    const asked = request({ port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode));
    });
    asked.once('error', reject);
    asked.end(JSON.stringify({ query: `mutation { close(id: "${id}") }` }));
  });

assert.deepEqual((await connect('localhost')).end, { code: 4401, reason: 'tenant_required' });
const slugs = ['acme', 'globex', 'acme', 'globex'];
const clients = await Promise.all(slugs.map((slug) => connect(`${slug}.localhost`)));
for (const { socket, end } of clients) {
  assert.equal(end, null);
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { closed }' } }));
}
while (listening < 4) await sleep(5);
await sleep(50);
for (let i = 0; i < 20; i += 1) assert.equal(await close(`${slugs[i % 2]}.localhost`, i), 200);
while (clients.some(({ heard }) => heard.length < 10)) await sleep(5);
for (const [i, { heard, socket, ended }] of clients.entries()) {
  const own = `t_${slugs[i]}`;
  assert.deepEqual(
    heard,
    Array.from({ length: 10 }, (_, n) => `${2 * n + (i % 2)} by ${own}, heard by ${own}`),
  );
  socket.close();
  await ended;
}
await app.close();
console.log('held');
