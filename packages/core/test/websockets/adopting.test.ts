import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  Module,
  type ModuleMetadata,
  type PipeTransform,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  WsException,
} from '@nestjs/websockets';
import { of } from 'rxjs';
import type { Server, Socket } from 'socket.io';
import { type Socket as Client, io } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromSubdomain, TenancyModule } from '../../src/index.js';
import { tenantSockets } from '../../src/websockets.js';
import { testRegistry } from '../server.js';

/** The application as it was written, before anybody thought of tenants. */
class IsMember implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getData<{ pass?: boolean }>().pass !== false;
  }
}

class Trimmed implements PipeTransform {
  transform(value: { text?: string }) {
    return { ...value, text: value.text?.trim() };
  }
}

@Catch(WsException)
class Told implements ExceptionFilter {
  catch(error: WsException, host: ArgumentsHost): void {
    host.switchToWs().getClient<Socket>().emit('told', error.message);
  }
}

const left: string[] = [];

@WebSocketGateway({ namespace: 'chat' })
class ChatGateway implements OnGatewayConnection, OnGatewayDisconnect {
  @WebSocketServer() server!: Server;

  handleConnection(socket: Socket) {
    socket.emit('hello', socket.id);
  }
  handleDisconnect(socket: Socket) {
    left.push(socket.id);
  }

  @SubscribeMessage('join')
  async join(@MessageBody() { room }: { room: string }, @ConnectedSocket() socket: Socket) {
    await socket.join(room);
    return { event: 'joined', data: [...socket.rooms] };
  }

  @UseGuards(IsMember)
  @UseFilters(Told)
  @SubscribeMessage('say')
  say(@MessageBody(new Trimmed()) { room, text }: { room: string; text?: string }, @ConnectedSocket() socket: Socket) {
    if (!text) throw new WsException('Nothing was said.');
    socket.to(room).emit('said', text);
    return text;
  }

  @SubscribeMessage('count')
  count() {
    return of({ event: 'counted', data: 1 }, { event: 'counted', data: 2 });
  }

  @SubscribeMessage('all')
  async all() {
    this.server.emit('news', 'to all');
    return { sockets: (await this.server.fetchSockets()).length };
  }
}

const tenancy = TenancyModule.forRoot({
  registry: testRegistry(),
  sources: [fromSubdomain({ baseDomain: 'localhost' })],
});

const ways: readonly [string, NonNullable<ModuleMetadata['imports']>, (app: INestApplication) => void][] = [
  ['IoAdapter', [], (app) => app.useWebSocketAdapter(new IoAdapter(app))],
  ['tenantSockets', [tenancy], (app) => app.useWebSocketAdapter(tenantSockets(new IoAdapter(app)))],
];

describe.each(ways)('an application with %s in its main.ts', (_, imports, use) => {
  let app: INestApplication;
  const clients: Client[] = [];

  beforeEach(async () => {
    @Module({ imports: [...imports], providers: [ChatGateway] })
    class AppModule {}
    app = (await Test.createTestingModule({ imports: [AppModule] }).compile()).createNestApplication({ logger: false });
    use(app);
    await app.listen(0, '127.0.0.1');
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await app.close();
  });

  async function connect(): Promise<{ client: Client; id: string }> {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const client = io(`http://127.0.0.1:${port}/chat`, {
      transports: ['websocket'],
      forceNew: true,
      extraHeaders: { host: 'acme.localhost' },
    });
    clients.push(client);
    const [id] = (await once(client as never, 'hello')) as [string];
    return { client, id };
  }
  const heard = async (client: Client, event: string) => ((await once(client as never, event)) as unknown[])[0];

  it('greets, and is told who leaves', async () => {
    const { client, id } = await connect();
    expect(client.id).toBe(id);
    client.close();
    await expect.poll(() => left).toContain(id);
  });

  it('has rooms', async () => {
    const [ada, bob] = [await connect(), await connect()];
    const joined = heard(ada.client, 'joined');
    ada.client.emit('join', { room: 'tea' });
    expect(await joined).toEqual([ada.id, 'tea']);
    const said = heard(ada.client, 'said');
    expect(await bob.client.emitWithAck('say', { room: 'tea', text: ' hi ' })).toBe('hi');
    expect(await said).toBe('hi');
  });

  it('reaches one socket by its id', async () => {
    const [ada, bob] = [await connect(), await connect()];
    const said = heard(ada.client, 'said');
    bob.client.emit('say', { room: ada.id, text: 'psst' });
    expect(await said).toBe('psst');
  });

  it('tells its own exceptions, and those of guards, in its own way', async () => {
    const { client } = await connect();
    const told = heard(client, 'told');
    client.emit('say', { room: 'tea', text: '  ' });
    expect(await told).toBe('Nothing was said.');
    const refused = heard(client, 'told');
    client.emit('say', { room: 'tea', text: 'x', pass: false });
    expect(await refused).toBe('Forbidden resource');
  });

  it('answers with several messages', async () => {
    const { client } = await connect();
    const counted: unknown[] = [];
    client.on('counted', (n) => counted.push(n));
    client.emit('count', {});
    await expect.poll(() => counted).toEqual([1, 2]);
  });

  it('sends to all, and counts them', async () => {
    const [ada, bob] = [await connect(), await connect()];
    const both = Promise.all([heard(ada.client, 'news'), heard(bob.client, 'news')]);
    expect(await ada.client.emitWithAck('all', {})).toEqual({ sockets: 2 });
    expect(await both).toEqual(['to all', 'to all']);
  });
});
