import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Socket as ServerSocket } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Untenanted } from '../../src/index.js';
import { acme, globex, testRegistry } from '../server.js';
import {
  ask,
  closeAll,
  context,
  eventually,
  type Options,
  type Sockets,
  seen,
  serveSockets,
  tokenOf,
} from './application.js';

const said: string[] = [];
vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});

@WebSocketGateway()
class NotesGateway {
  @SubscribeMessage('who')
  who() {
    return context.tenantId;
  }

  @SubscribeMessage('say')
  say(@MessageBody() words: string, @ConnectedSocket() client: ServerSocket) {
    said.push(`${context.tenantId} ${words}`);
    client.emit('heard', words);
  }
}

@Untenanted()
@WebSocketGateway({ namespace: 'lobby' })
class LobbyGateway {
  @SubscribeMessage('who')
  who() {
    return seen();
  }
}

/** A client that takes its host from the address, as those that poll do. */
const agent = new Agent({
  lookup: (_, options, found) => (options.all ? found(null, [LOOPBACK]) : found(null, LOOPBACK.address, 4)),
});
const LOOPBACK = { address: '127.0.0.1', family: 4 };

async function byName(port: number, slug: string | null, options: Options): Promise<Socket> {
  const socket = io(`http://${slug ? `${slug}.localhost` : 'localhost'}:${port}${options.nsp ?? ''}`, {
    transports: ['polling'],
    forceNew: true,
    reconnection: false,
    agent: agent as never,
    ...options,
  });
  await new Promise<void>((resolve, reject) => void socket.once('connect', resolve).once('connect_error', reject));
  return socket;
}

type Headers = Readonly<Record<string, string>>;

describe('a connection of socket.io by polling', () => {
  let server: Sockets;
  let own: Record<string, Socket> = {};
  beforeAll(async () => {
    server = await serveSockets([NotesGateway, LobbyGateway]);
  });
  beforeEach(() => void (said.length = 0));
  afterEach(() => {
    closeAll(own);
    own = {};
  });
  afterAll(() => server.close());

  const polling = (slug: string | null, options: Options = {}, { port } = server) => byName(port, slug, options);
  const bearer = (tenantId: string): Headers => ({ authorization: `Bearer ${tokenOf(tenantId)}` });
  const sidOf = (socket: Socket) => (socket.io.engine as unknown as { id: string }).id;

  /** A request of engine.io's protocol, as anybody may send it who knows the id of a connection. */
  const send = async (sid: string | null, headers: Headers, packet?: string): Promise<[number, string]> => {
    const path = `/socket.io/?EIO=4&transport=polling${sid === null ? '' : `&sid=${sid}`}`;
    const request = httpRequest({
      host: '127.0.0.1',
      port: server.port,
      path,
      method: packet === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'text/plain;charset=UTF-8', ...headers },
    }).end(packet);
    const [response] = await once(request, 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    return [response.statusCode, text];
  };
  const upgrade = async (sid: string, headers: Headers): Promise<string> => {
    const url = `ws://127.0.0.1:${server.port}/socket.io/?EIO=4&transport=websocket&sid=${sid}`;
    const socket = new WebSocket(url, { headers });
    return new Promise((resolve) => {
      socket.once('open', () => resolve('open'));
      socket.once('error', () => resolve('refused'));
    }).then((how) => {
      socket.terminate();
      return how as string;
    });
  };
  const unknown = [400, '{"code":1,"message":"Session ID unknown"}'];
  const forged = '42["say","forged"]';

  it("S10: who knows its id finds it by no other tenant's host, and it goes on", async () => {
    own['acme'] = await polling('acme');
    const sid = sidOf(own['acme']);
    for (const host of ['globex.localhost', 'localhost', 'closed.localhost', 'acme.localhost:99999', '127.0.0.1']) {
      expect(await send(sid, { host }, forged), host).toEqual(unknown);
      expect(await send(sid, { host }), host).toEqual(unknown);
      expect(await upgrade(sid, { host }), host).toBe('refused');
    }
    expect(await send(sid, { host: 'acme.localhost', ...bearer('t_globex') }, forged)).toEqual(unknown);
    expect(said).toEqual([]);
    expect(await send(sid, { host: 'acme.localhost' }, '42["say","own"]')).toEqual([200, 'ok']);
    expect(await ask(own['acme'], 'who')).toBe('t_acme');
    expect(said).toEqual(['t_acme own']);
    expect(own['acme'].connected).toBe(true);
  });

  it("S10: on one host it is found with no other tenant's token, nor without one", async () => {
    own['acme'] = await polling(null, { extraHeaders: bearer('t_acme') });
    const sid = sidOf(own['acme']);
    const host = 'localhost';
    for (const headers of [
      {},
      bearer('t_globex'),
      bearer('t_closed'),
      bearer('t_nobody'),
      { authorization: 'Bearer x' },
    ]) {
      expect(await send(sid, { host, ...headers }, forged)).toEqual(unknown);
      expect(await upgrade(sid, { host, ...headers })).toBe('refused');
    }
    expect(await send(sid, { host, ...bearer('t_acme') }, '42["say","own"]')).toEqual([200, 'ok']);
    expect(await ask(own['acme'], 'who')).toBe('t_acme');
    expect(said).toEqual(['t_acme own']);
  });

  it("S10: one that has its token in auth is found by no other tenant's", async () => {
    own['acme'] = await polling(null, { auth: { token: tokenOf('t_acme') } });
    const sid = sidOf(own['acme']);
    expect(await send(sid, { host: 'localhost', ...bearer('t_globex') }, forged)).toEqual(unknown);
    expect(await send(sid, { host: 'globex.localhost' }, forged)).toEqual(unknown);
    expect(await send(sid, { host: 'localhost', ...bearer('t_acme') }, '42["say","own"]')).toEqual([200, 'ok']);
    expect(await ask(own['acme'], 'who')).toBe('t_acme');
    expect(said).toEqual(['t_acme own']);
  });

  it('S10: nobody asks for a namespace on a connection that another tenant has opened', async () => {
    const [, opened] = await send(null, { host: 'acme.localhost' });
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
    expect(await send(sid, { host: 'globex.localhost' }, '40')).toEqual(unknown);
    expect(await send(sid, { host: 'acme.localhost', ...bearer('t_globex') }, '40')).toEqual(unknown);
    expect(await send(sid, { host: 'acme.localhost' }, '40')).toEqual([200, 'ok']);
    expect(await send(sid, { host: 'acme.localhost' })).toEqual([200, expect.stringMatching(/^40\{"sid"/)]);
  });

  it('S10: interleaved with what is forged, each is of its own tenant, by polling and after its upgrade', async () => {
    const slugs = ['acme', 'globex'] as const;
    const opened = await Promise.all(
      Array.from({ length: 6 }, (_, turn) =>
        turn < 4
          ? polling(slugs[turn % 2] as string)
          : polling(slugs[turn % 2] as string, { transports: ['polling', 'websocket'] }),
      ),
    );
    own = Object.fromEntries(opened.map((socket, index) => [String(index), socket]));
    const asked = Array.from({ length: 10 }, () => opened).flat();
    const answers = await Promise.all(
      asked.map(async (socket, index) => {
        const at = opened.indexOf(socket);
        const other = `${slugs[(at + 1) % 2]}.localhost`;
        if (at < 4 && index % 3 === 0) expect(await send(sidOf(socket), { host: other }, forged)).toEqual(unknown);
        return new Promise((resolve) => socket.emit('who', {}, resolve));
      }),
    );
    expect(answers).toEqual(asked.map((socket) => (opened.indexOf(socket) % 2 ? globex : acme).id));
    expect(said).toEqual([]);
    await eventually(() =>
      expect(opened.slice(4).map((socket) => socket.io.engine.transport.name)).toEqual(['websocket', 'websocket']),
    );
    expect(await Promise.all(opened.slice(4).map((socket) => ask(socket, 'who')))).toEqual(['t_acme', 't_globex']);
  });

  it('one that nobody has opened stays as it was, and who signs in meanwhile keeps it', async () => {
    own['lobby'] = await polling(null, { nsp: '/lobby' });
    const sid = sidOf(own['lobby']);
    expect(await send(sid, { host: 'localhost', ...bearer('t_acme') }, '42/lobby,["who",{}]')).toEqual([200, 'ok']);
    expect(await ask(own['lobby'], 'who')).toBe('none');
  });

  it('S4: of a tenant that is suspended it ends as any other, with the code', async () => {
    let status = 'active';
    const registry = Object.assign(testRegistry(), { findById: async () => ({ ...acme, status }) });
    const watched = await serveSockets([NotesGateway], { registry, options: { recheck: 20 } });
    const socket = await polling(null, { extraHeaders: bearer('t_acme') }, watched);
    const told: unknown[] = [];
    socket.on('exception', (exception) => told.push(exception));
    status = 'suspended';
    await eventually(() => expect(socket.connected).toBe(false));
    expect(told).toEqual([{ status: 'error', message: 'tenant_inactive' }]);
    await watched.close();
  });

  it('what ends while a request of it is looked at ends the request', async () => {
    own['acme'] = await polling('acme');
    const sid = sidOf(own['acme']);
    const asked = Array.from({ length: 20 }, () => send(sid, { host: 'acme.localhost' }, '42["say","late"]'));
    own['acme'].close();
    for (const [status] of await Promise.all(asked)) expect([200, 400]).toContain(status);
    await sleep(20);
    own['again'] = await polling('acme');
    expect(await ask(own['again'], 'who')).toBe('t_acme');
  });
});
