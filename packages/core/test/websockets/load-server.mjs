// One server, over the built package: `node load-server.mjs <tenants> [<Redis URL> <key>]`. It sends its port once it listens.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext } from '../../dist/index.js';
import { tenantSockets } from '../../dist/websockets.js';

const [, , tenants, url, key] = process.argv;
const context = new TenantContext();

class LoadGateway {
  handleConnection(client) {
    client.join('job:1');
    client.data.as = context.tenantId;
  }
  async act(client, [way, room]) {
    const before = context.tenantId;
    await new Promise(setImmediate);
    const said = { of: context.tenantId };
    if (way === 'join') client.join(room);
    if (way === 'leave') client.leave(room);
    if (way === 'all') this.server.emit('news', said);
    if (way === 'room') this.server.to(room).emit('news', said);
    if (way === 'others') client.to(room).emit('news', said);
    const found = way === 'fetch' ? await this.server.in(room).fetchSockets() : [];
    return [before, context.tenantId, ...found.map(({ data }) => data.as)];
  }
}
const { prototype } = LoadGateway;
SubscribeMessage('act')(prototype, 'act', Object.getOwnPropertyDescriptor(prototype, 'act'));
WebSocketServer()(prototype, 'server');
WebSocketGateway()(LoadGateway);

const clients = url ? [createClient({ url }), createClient({ url })] : [];
await Promise.all(clients.map((client) => client.connect()));

class RedisIoAdapter extends IoAdapter {
  createIOServer(port, options) {
    const server = super.createIOServer(port, options);
    server.adapter(createAdapter(...clients, { key }));
    return server;
  }
}

class AppModule {}
const registry = new InMemoryTenantRegistry(JSON.parse(tenants));
const sources = [fromSubdomain({ baseDomain: 'localhost' })];
Module({ imports: [TenancyModule.forRoot({ registry, sources })], providers: [LoadGateway] })(AppModule);
const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
app.useWebSocketAdapter(tenantSockets(url ? new RedisIoAdapter(app) : new IoAdapter(app)));
await app.listen(0, '127.0.0.1');

process.on('disconnect', async () => {
  await app.close();
  await Promise.all(clients.map((client) => client.close()));
  process.exit();
});
process.send(app.getHttpServer().address().port);
