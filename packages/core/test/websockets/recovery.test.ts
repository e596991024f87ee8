import { Logger } from '@nestjs/common';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Server, Socket as ServerSocket } from 'socket.io';
import type { Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { acme, globex } from '../server.js';
import { ask, closeAll, connectIo, context, eventually, hearing, type Sockets, serveSockets } from './application.js';

vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});

@WebSocketGateway({ connectionStateRecovery: { maxDisconnectionDuration: 60_000, skipMiddlewares: true } })
class Gateway {
  @WebSocketServer() readonly server!: Server;

  @SubscribeMessage('who')
  who(@ConnectedSocket() client: ServerSocket) {
    return {
      id: context.tenantId,
      recovered: client.recovered,
      rooms: [...client.rooms].filter((room) => room !== client.id),
    };
  }

  @SubscribeMessage('join')
  join(@ConnectedSocket() client: ServerSocket) {
    client.join('job:42');
    client.emit('news', 'joined');
    return 'joined';
  }
}

/** The session that a client could take up again. */
const sessionOf = (socket: Socket) => {
  const { _pid: pid, _lastOffset: offset } = socket as unknown as { _pid: string; _lastOffset: string };
  return { pid, offset };
};

describe('connections that are taken up again', () => {
  let server: Sockets;
  let emit: (words: string) => void;

  beforeAll(async () => {
    server = await serveSockets([Gateway]);
    emit = (words) => {
      const io = server.app.get(Gateway).server;
      context.run(acme, () => io.to('job:42').emit('news', `${words} of acme`));
      context.run(globex, () => io.to('job:42').emit('news', `${words} of globex`));
    };
  });
  afterAll(() => server.close());

  const lost = async (slug: string) => {
    const socket = await connectIo(server, slug);
    const first = hearing({ socket });
    await ask(socket, 'join');
    await eventually(() => expect(first['socket']).toEqual(['joined']));
    const session = sessionOf(socket);
    expect(session).toEqual({ pid: expect.any(String), offset: expect.any(String) });
    const io = server.app.get(Gateway).server;
    const gone = new Promise((resolve) => socket.once('disconnect', resolve));
    socket.io.engine.close();
    await gone;
    await eventually(() => expect(io.engine.clientsCount).toBe(0));
    return session;
  };

  /** A client whose first words with the server are that session, and all that it hears. */
  const again = async (slug: string, session: { pid: string; offset: string }) => {
    const heard: unknown[] = [];
    const socket = await connectIo(server, slug, {
      auth: session,
      onMade: (made: Socket) => made.on('news', (words: unknown) => void heard.push(words)),
    } as object);
    return { socket, heard };
  };

  it('S7: it has its tenant, its rooms, and what it missed of its own', async () => {
    const session = await lost('acme');
    emit('missed');
    const { socket, heard } = await again('acme', session);
    expect(await ask(socket, 'who')).toEqual({ id: 't_acme', recovered: true, rooms: ['job:42'] });
    emit('later');
    await eventually(() => expect(heard).toEqual(['missed of acme', 'later of acme']));
    closeAll({ socket });
  });

  it("S8: with another tenant's session it is a new one, in no room, and is sent nothing of it", async () => {
    const [session] = [await lost('acme')];
    emit('missed');
    const { socket, heard } = await again('globex', session);
    expect(await ask(socket, 'who')).toEqual({ id: 't_globex', recovered: false, rooms: [] });
    emit('later');
    await ask(socket, 'join');
    emit('last');
    await eventually(() => expect(heard).toEqual(['joined', 'last of globex']));
    closeAll({ socket });
    // Its owner may still have it.
    const own = await again('acme', session);
    expect(await ask(own.socket, 'who')).toMatchObject({ id: 't_acme', recovered: true });
    closeAll({ socket: own.socket });
  });

  it('S8: who is refused takes up nothing', async () => {
    const session = await lost('acme');
    await expect(connectIo(server, null, { auth: session })).rejects.toThrow('tenant_required');
    await expect(connectIo(server, 'closed', { auth: session })).rejects.toThrow('tenant_inactive');
  });
});
