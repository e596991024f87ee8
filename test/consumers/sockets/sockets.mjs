// An application of whichever Nest is installed beside this file, written without decorators so that Node runs it as it is:
// `node sockets.mjs <esm|cjs> <socket.io|ws>`. Says `held` at its end.
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
const { SubscribeMessage, WebSocketGateway, WebSocketServer } = await load('@nestjs/websockets');
const { fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext } = await load('@tenancy/core');
const { broadcast, tenantSockets } = await load('@tenancy/core/websockets');
const isIo = kind === 'socket.io';
const { IoAdapter } = isIo ? await load('@nestjs/platform-socket.io') : {};
const { WsAdapter } = isIo ? {} : await load('@nestjs/platform-ws');
const { WebSocket } = await import('ws');
const { io } = await import('socket.io-client');

const context = new TenantContext();
const told = [];

class Gateway {
  handleConnection(client) {
    told.push(`connected ${context.tenantId}`);
    if (isIo) client.join('room');
  }
  handleDisconnect() {
    told.push(`gone ${context.tenantId}`);
  }
  say(_client, words) {
    const said = `${words} of ${context.tenantId}`;
    if (isIo) this.server.to('room').emit('news', said);
    else broadcast(this.server, { event: 'news', data: said });
    return { event: 'answer', data: context.tenantId };
  }
}
SubscribeMessage('say')(Gateway.prototype, 'say', Object.getOwnPropertyDescriptor(Gateway.prototype, 'say'));
WebSocketServer()(Gateway.prototype, 'server');
WebSocketGateway()(Gateway);

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
  ],
  providers: [Gateway],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
app.useWebSocketAdapter(tenantSockets(isIo ? new IoAdapter(app) : new WsAdapter(app)));
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();

const connect = async (host) => {
  const heard = [];
  const headers = { host };
  if (isIo) {
    const socket = io(`http://127.0.0.1:${port}`, { transports: ['websocket'], forceNew: true, extraHeaders: headers });
    socket.on('news', (words) => heard.push(words));
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
    return { heard, say: (words) => socket.emit('say', words), close: () => socket.close() };
  }
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers });
  socket.on('message', (text) => {
    const { event, data } = JSON.parse(String(text));
    if (event === 'news') heard.push(data);
  });
  const ended = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }));
  await once(socket, 'open');
  if (host === 'localhost') throw new Error((await ended).reason);
  return {
    heard,
    say: (words) => socket.send(JSON.stringify({ event: 'say', data: words })),
    close: () => socket.close(),
  };
};

await assert.rejects(connect('localhost'), /^Error: tenant_required$/);
const clients = await Promise.all(['acme', 'acme', 'globex', 'globex'].map((slug) => connect(`${slug}.localhost`)));
for (let i = 0; i < 100; i += 1) for (const [name, client] of clients.entries()) client.say(`${i}/${name}`);
while (clients.some(({ heard }) => heard.length < 200)) await sleep(5);
for (const [i, { heard }] of clients.entries()) {
  const own = i < 2 ? 't_acme' : 't_globex';
  assert.equal(heard.length, 200);
  assert.ok(heard.every((words) => words.endsWith(` of ${own}`)));
}
for (const client of clients) client.close();
while (told.length < 8) await sleep(5);
const both = ['t_acme', 't_acme', 't_globex', 't_globex'];
assert.deepEqual(told.toSorted(), [...both.map((id) => `connected ${id}`), ...both.map((id) => `gone ${id}`)]);
await app.close();
console.log('held');
