import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext } from '@tenancy/core';
import { tenantSockets } from '@tenancy/core/websockets';
import type { Server, Socket } from 'socket.io';
import { answer } from '../child.js';
import { BASE_DOMAIN, ROOM, TENANTS } from './workload.js';

/** `bare`: Nest's IoAdapter, where the application keeps each socket's tenant and writes it into each room by hand. `tenant`: tenantSockets. */
export type CaseName = 'bare' | 'tenant';

/** Questions to a server, from the process that measures. */
export type ServerQuestion = 'address' | 'start' | 'stop';

/** Serves one case: `node server.js <case>`. */
const isTenants = process.argv[2] === 'tenant';
const context = new TenantContext();

@WebSocketGateway()
class Board {
  @WebSocketServer() readonly server!: Server;

  handleConnection(client: Socket): void {
    client.data.tenant = `t_${client.handshake.headers.host?.split('.')[0]}`;
    client.join(roomOf(client));
  }

  @SubscribeMessage('ask')
  ask(client: Socket, n: number) {
    return { n, of: tenantOf(client) };
  }

  @SubscribeMessage('say')
  say(client: Socket, n: number) {
    this.server.to(roomOf(client)).emit('news', { n, of: tenantOf(client) });
    return { n, of: tenantOf(client) };
  }
}
const tenantOf = (client: Socket): string => (isTenants ? context.tenantId : (client.data.tenant as string));
const roomOf = (client: Socket): string => (isTenants ? ROOM : `${client.data.tenant}:${ROOM}`);

@Module({
  imports: isTenants
    ? [
        TenancyModule.forRoot({
          registry: new InMemoryTenantRegistry([...TENANTS]),
          sources: [fromSubdomain({ baseDomain: BASE_DOMAIN })],
        }),
      ]
    : [],
  providers: [Board],
})
class Root {}

const app = await NestFactory.create(Root, { logger: ['error'], abortOnError: false });
const adapter = new IoAdapter(app);
app.useWebSocketAdapter(isTenants ? tenantSockets(adapter) : adapter);
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address() as { port: number };

let started = process.cpuUsage();

answer((question) => {
  switch (question as ServerQuestion) {
    case 'address':
      return port;
    case 'start':
      started = process.cpuUsage();
      return null;
    case 'stop': {
      const { user, system } = process.cpuUsage(started);
      return user + system;
    }
  }
});
