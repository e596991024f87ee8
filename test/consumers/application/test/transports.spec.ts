import 'reflect-metadata';
import { Controller, type INestApplication, type LoggerService, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  ServerTCP,
  Transport,
} from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule, TenantContext, Untenanted } from '@tenancy/core';
import { firstValueFrom } from 'rxjs';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from './runner.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');
const ran: string[] = [];

@Controller()
class PricesController {
  @MessagePattern('price')
  price() {
    ran.push('price');
    return 42;
  }

  @Untenanted()
  @MessagePattern('health')
  health() {
    return seen();
  }

  @Untenanted()
  @MessagePattern('careless')
  careless() {
    return context.tenantId;
  }

  @EventPattern('sold')
  sold(_: unknown) {
    ran.push('sold');
  }

  @Untenanted()
  @EventPattern('done')
  done(_: unknown) {
    ran.push('done');
  }
}

@WebSocketGateway()
class ChatGateway {
  @SubscribeMessage('who')
  who() {
    ran.push('who');
    return { event: 'answer', data: seen() };
  }

  @Untenanted()
  @SubscribeMessage('health')
  health() {
    return { event: 'answer', data: seen() };
  }
}

@Module({
  controllers: [PricesController],
  providers: [ChatGateway],
  imports: [
    TenancyModule.forRoot({
      registry: new InMemoryTenantRegistry([{ id: 't_acme', slug: 'acme' }]),
      sources: [fromSubdomain({ baseDomain: 'localhost' })],
    }),
  ],
})
class TransportsModule {}

const errors: string[] = [];
const logger: LoggerService = {
  log: () => {},
  warn: () => {},
  error: (line: unknown) => void errors.push(String(line)),
};

describe('beyond HTTP, in a hybrid application', () => {
  let app: INestApplication;
  let client: ClientProxy;
  let socket: Socket;

  beforeAll(async () => {
    app = await NestFactory.create(TransportsModule, { logger, abortOnError: false });
    const strategy = new ServerTCP({ host: '127.0.0.1', port: 0 });
    app.connectMicroservice({ strategy });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const { port } = (strategy as unknown as { server: { address(): { port: number } } }).server.address();
    client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
    socket = io(`http://127.0.0.1:${app.getHttpServer().address().port}`, { transports: ['websocket'] });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
  });
  afterAll(async () => {
    socket.close();
    await client.close();
    await app.close();
  });

  const begin = () => {
    errors.length = 0;
    ran.length = 0;
  };
  const ask = (event: string) =>
    new Promise<unknown>((resolve) => {
      socket.removeAllListeners('answer').removeAllListeners('exception');
      socket.once('answer', resolve).once('exception', resolve);
      socket.emit(event, {});
    });

  it('refuses a message without a tenant, with the code, and one line that names the handler', async () => {
    begin();
    const refused = await firstValueFrom(client.send('price', {})).catch((error: unknown) => error);
    expect(refused).toEqual({ status: 'error', message: 'tenant_required' });
    expect(ran).toEqual([]);
    expect(errors).toEqual([expect.stringMatching(/tenant_required: .+PricesController\.price/)]);
    expect(await firstValueFrom(client.send('health', {}))).toBe('none');
  });

  it('refuses an event without a tenant, with one line that names the handler', async () => {
    begin();
    await firstValueFrom(client.emit('sold', {}));
    await firstValueFrom(client.emit('done', {}));
    while (!ran.includes('done')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(ran).toEqual(['done']);
    expect(errors).toEqual([expect.stringMatching(/tenant_required: .+PricesController\.sold/)]);
  });

  it('refuses a WebSocket message without a tenant, with the code, and one line that names the handler', async () => {
    begin();
    expect(await ask('who')).toMatchObject({ status: 'error', message: 'tenant_required' });
    expect(ran).toEqual([]);
    expect(errors).toEqual([expect.stringMatching(/tenant_required: .+ChatGateway\.who/)]);
    expect(await ask('health')).toBe('none');
  });

  it('sends the code of what a handler throws, and keeps the rest to the log', async () => {
    begin();
    const refused = await firstValueFrom(client.send('careless', {})).catch((error: unknown) => error);
    expect(refused).toEqual({ status: 'error', message: 'tenant_context_missing' });
    expect(errors).toEqual([expect.stringMatching(/tenant_context_missing: code asked/)]);
  });
});
