import { Logger } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Test } from '@nestjs/testing';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Namespace, Server, Socket as ServerSocket } from 'socket.io';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { fromSubdomain, TenancyModule, TenantRequiredError } from '../../src/index.js';
import { tenantSockets } from '../../src/websockets.js';
import { acme, testRegistry } from '../server.js';
import {
  ask,
  closeAll,
  connectIo,
  context,
  eventually,
  hearing,
  type Sockets,
  serveSockets,
  tokenOf,
} from './application.js';

const errors = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
const warnings = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});

/** Sockets that an application keeps by itself, as many do. */
const kept = new Map<string, ServerSocket>();

@WebSocketGateway({ cors: { origin: ['https://app.example.com', /^https:\/\/.+\.partner\.test$/] } })
class CarelessGateway {
  @WebSocketServer() readonly server!: Server;

  handleConnection(client: ServerSocket) {
    kept.set(client.id, client);
  }

  @SubscribeMessage('who')
  who() {
    return context.tenantId;
  }

  @SubscribeMessage('send')
  send(@MessageBody() [how, to]: [string, string], @ConnectedSocket() client: ServerSocket) {
    const other = kept.get(to) as ServerSocket;
    const said = `from ${context.tenantId}`;
    const ways: Record<string, () => unknown> = {
      emit: () => other.emit('news', said),
      send: () => other.send(said),
      'of its': () => other.to('job:42').emit('news', said),
      broadcast: () => other.broadcast.emit('news', said),
      join: () => other.join('mine'),
      'join mine': () => client.join(to),
      'by its adapter': () => client.nsp.adapter.addAll(to, new Set(['mine'])),
      'of the namespace of the adapter': () => client.nsp.adapter.nsp.sockets.get(to)?.emit('news', said) ?? 'nobody',
      'behind the wall': () => Object.keys(client.nsp.adapter),
      'over all sockets': () => [...client.nsp.sockets.values()].map(({ id }) => id),
      'by room names': () => {
        for (const room of ['tenant:t_globex', `tenant:t_globex:${to}`, '../t_globex', `t_globex:${to}`]) {
          this.server.to(room).emit('news', said);
          client.join(room);
        }
        return this.server.emit('news', said);
      },
    };
    return ways[how]?.() === undefined ? 'nothing' : ways[how]?.();
  }
}

type Answer = (error: Error | null, origin?: unknown) => void;

@WebSocketGateway({
  namespace: 'decides',
  cors: {
    origin: (page: string, answer: Answer) =>
      page.includes('broken') ? answer(new Error('away')) : answer(null, page === 'https://app.example.com'),
  },
})
class DecidingGateway {
  @SubscribeMessage('who')
  who() {
    return context.tenantId;
  }
}

@WebSocketGateway({
  namespace: 'names',
  cors: {
    origin: (page: string, answer: Answer) =>
      answer(null, page.startsWith('http:') ? '*' : ['https://app.example.com', /partner/]),
  },
})
class NamingGateway {
  @SubscribeMessage('who')
  who() {
    return context.tenantId;
  }
}

@WebSocketGateway({ namespace: /^\/board-\d+$/ as unknown as string })
class BoardGateway {
  @WebSocketServer() readonly server!: Namespace;

  @SubscribeMessage('who')
  who() {
    return context.tenantId;
  }

  @SubscribeMessage('say')
  say(@MessageBody() words: string, @ConnectedSocket() client: ServerSocket) {
    client.nsp.emit('news', words);
    client.nsp.to('job:42').emit('news', `${words} in job:42`);
    return 'said';
  }

  @SubscribeMessage('join')
  join(@ConnectedSocket() client: ServerSocket) {
    client.join('job:42');
    return 'joined';
  }
}

describe('who wants the messages of another tenant', () => {
  let server: Sockets;
  let own: Record<string, Awaited<ReturnType<typeof connectIo>>> = {};

  beforeAll(async () => {
    server = await serveSockets([CarelessGateway, BoardGateway, DecidingGateway, NamingGateway]);
  });
  afterEach(() => {
    closeAll(own);
    own = {};
    errors.mockClear();
    warnings.mockClear();
  });
  afterAll(() => server.close());

  it.each(['emit', 'send', 'of its', 'broadcast', 'join', 'by its adapter'])(
    'S3: a socket that the application has kept is no way to it: %s',
    async (how) => {
      own = {
        acme: await connectIo(server, 'acme'),
        globex: await connectIo(server, 'globex'),
        globex2: await connectIo(server, 'globex'),
      };
      const heard = hearing(own);
      const { acme: a, globex } = own as Record<'acme' | 'globex', (typeof own)[string]>;
      expect(await ask(a, 'send', [how, globex.id])).toMatchObject({ message: 'tenant_switch_refused' });
      expect(await ask(globex, 'send', ['emit', globex.id])).toBe(true);
      await eventually(() => expect(heard['globex']).toEqual(['from t_globex', 'from t_globex']));
      expect(heard).toMatchObject({ acme: [], globex2: [] });
    },
  );

  it('S3: neither are ids, names of rooms, the namespace of the adapter, or what is behind it', async () => {
    own = { acme: await connectIo(server, 'acme'), globex: await connectIo(server, 'globex') };
    const heard = hearing(own);
    const { acme: a, globex } = own as Record<'acme' | 'globex', (typeof own)[string]>;
    const to = globex.id;
    expect(await ask(a, 'send', ['of the namespace of the adapter', to])).toBe('nobody');
    expect(await ask(a, 'send', ['over all sockets', to])).toEqual([a.id]);
    expect(await ask(a, 'send', ['behind the wall', to])).toEqual(['nsp']);
    await ask(a, 'send', ['by room names', to]);
    await ask(globex, 'send', ['by room names', a.id]);
    await eventually(() => expect(heard['globex']?.length).toBeGreaterThan(1));
    expect(new Set(heard['globex'])).toEqual(new Set(['from t_globex']));
    expect(new Set(heard['acme'])).toEqual(new Set(['from t_acme']));
  });

  it('S1, S3: one connection may have a namespace as one tenant, and another as another', async () => {
    const first = await connectIo(server, null, {
      nsp: '/board-1',
      auth: { token: tokenOf('t_acme') },
      forceNew: false,
    } as object);
    const second = first.io.socket('/board-2', { auth: { token: tokenOf('t_globex') } });
    await new Promise<void>((resolve) => second.once('connect', resolve));
    const third = await connectIo(server, 'globex', { nsp: '/board-1' });
    const fourth = await connectIo(server, 'acme', { nsp: '/board-2' });
    own = { first, second, third, fourth };
    const heard = hearing(own);
    expect(await Promise.all(Object.values(own).map((socket) => ask(socket, 'who')))).toEqual([
      't_acme',
      't_globex',
      't_globex',
      't_acme',
    ]);
    await Promise.all(Object.values(own).map((socket) => ask(socket, 'join')));
    await Promise.all(Object.entries(own).map(([name, socket]) => ask(socket, 'say', name)));
    await eventually(() =>
      expect(heard).toEqual(Object.fromEntries(Object.keys(own).map((name) => [name, [name, `${name} in job:42`]]))),
    );
  });

  it('S2: dynamic namespaces have the same door, and unknown ones none', async () => {
    await expect(connectIo(server, null, { nsp: '/board-7' })).rejects.toThrow('tenant_required');
    await expect(connectIo(server, 'closed', { nsp: '/board-7' })).rejects.toThrow('tenant_inactive');
    await expect(connectIo(server, 'acme', { nsp: '/nowhere' })).rejects.toThrow('Invalid namespace');
  });

  it('S2: pages that are named for CORS may connect; others are told of in the log, once', async () => {
    const from = (origin: string) => connectIo(server, 'acme', { extraHeaders: { host: 'acme.localhost', origin } });
    own['named'] = await from('https://app.example.com');
    own['pattern'] = await from('https://hr.partner.test');
    await expect(from('https://evil.test')).rejects.toThrow('tenant_mismatch');
    await expect(from('https://evil.test')).rejects.toThrow('tenant_mismatch');
    expect(warnings.mock.calls.map(([line]) => line)).toEqual([
      expect.stringMatching(/CarelessGateway.+"https:\/\/evil\.test".+`origins`/),
    ]);
  });

  it('S2: pages that a function for CORS answers for may connect, and others not', async () => {
    const from = (nsp: string, origin: string) =>
      connectIo(server, 'acme', { nsp, extraHeaders: { host: 'acme.localhost', origin } });
    own['decided'] = await from('/decides', 'https://app.example.com');
    own['listed'] = await from('/names', 'https://app.example.com');
    own['pattern'] = await from('/names', 'https://partner.test');
    expect(await Promise.all(Object.values(own).map((socket) => ask(socket, 'who')))).toEqual(Array(3).fill('t_acme'));
    await expect(from('/decides', 'https://evil.test')).rejects.toThrow('tenant_mismatch');
    await expect(from('/decides', 'https://broken.test')).rejects.toThrow('tenant_source_failed');
    await expect(from('/names', 'https://evil.test')).rejects.toThrow('tenant_mismatch');
    // That any page may is no answer for this one, which sends cookies along.
    await expect(from('/names', 'http://evil.test')).rejects.toThrow('tenant_mismatch');
  });

  it('S2: what a client sends for a token is a token, or nothing', async () => {
    for (const token of [
      { tenantId: 't_acme' },
      ['t_acme'],
      1,
      true,
      'Bearer',
      `Bearer Bearer ${tokenOf('t_acme')}`,
      tokenOf('t_acme').slice(0, -2),
    ]) {
      await expect(connectIo(server, null, { auth: { token } })).rejects.toThrow('tenant_required');
    }
    own['bearer'] = await connectIo(server, null, { auth: { token: `Bearer ${tokenOf('t_acme')}` } });
    expect(await ask(own['bearer'], 'who')).toBe('t_acme');
  });

  it('S3: what is told to nobody in particular stays outside, also in a context that has lost its tenant', () => {
    const { server: io } = server.app.get(CarelessGateway);
    expect(() => io.sockets.emit('news', 1)).toThrow(TenantRequiredError);
    expect(() => io.of('/').in('job:42').socketsLeave('job:42')).toThrow(TenantRequiredError);
    expect(() => io.of('/later').emit('news', 1)).toThrow(TenantRequiredError);
    expect(() => context.run(acme, () => io.of('/later').emit('news', 1))).not.toThrow();
  });
});

@WebSocketGateway({ namespace: 'silent', cors: { origin: () => {} } })
class SilentGateway {
  @SubscribeMessage('who')
  who() {
    return context.tenantId;
  }
}

it('S2: a function that never says whether a page may connect refuses it in time, and holds up nobody else', async () => {
  for (const [nsp, options] of [
    ['/silent', {}],
    ['/decides', { origins: () => new Promise<boolean>(() => {}) }],
  ] as const) {
    const server = await serveSockets([SilentGateway, DecidingGateway, CarelessGateway], {
      options,
      sourceTimeout: 50,
    });
    const from = (slug: string, origin: string) =>
      connectIo(server, slug, { nsp, extraHeaders: { host: `${slug}.localhost`, origin } });
    const turns = ['acme', 'globex', 'acme', 'globex'];
    const [own, foreign] = await Promise.all([
      Promise.all(turns.map((slug) => from(slug, `https://${slug}.localhost`))),
      Promise.all(turns.map((slug) => from(slug, 'https://evil.test').catch((error: Error) => error.message))),
    ]);
    expect(foreign).toEqual(Array(4).fill('tenant_source_failed'));
    expect(await Promise.all(own.map((socket) => ask(socket, 'who')))).toEqual(turns.map((slug) => `t_${slug}`));
    for (const socket of own) socket.close();
    await server.close();
  }
  const lines = warnings.mock.calls.map(([line]) => String(line));
  expect(new Set(lines)).toEqual(new Set([expect.stringMatching(/did not answer within 50 ms.+`sourceTimeout`/)]));
  warnings.mockClear();
});

it('options of tenantSockets, and what it is given, are refused by name', () => {
  expect(() => tenantSockets({} as never)).toThrow(/^tenancy_misconfigured: tenantSockets/);
  expect(() => tenantSockets({ bindMessageHandlers: () => {} } as never, { orgins: [] } as never)).toThrow(
    /tenantSockets\.orgins: is unknown.+`origins`/,
  );
  for (const adapter of [undefined, null, {}, 'IoAdapter']) {
    expect(() => tenantSockets(adapter as never)).toThrow(
      /^tenancy_misconfigured: tenantSockets.+no adapter.+new IoAdapter\(app\)/,
    );
  }
  expect(() => tenantSockets(IoAdapter as never)).toThrow(
    /^tenancy_misconfigured: tenantSockets.+a class.+new IoAdapter\(app\)/,
  );
  for (const options of [null, 'x', [], 1]) {
    expect(() => tenantSockets(new IoAdapter(), options as never)).toThrow(
      /^tenancy_misconfigured: tenantSockets.+no object/,
    );
  }
});

it('an adapter that is set after the gateways were connected is refused, and one that replaces another before is not', async () => {
  const tenancy = TenancyModule.forRoot({
    registry: testRegistry(),
    sources: [fromSubdomain({ baseDomain: 'localhost' })],
  });
  const built = await Test.createTestingModule({ imports: [tenancy], providers: [BoardGateway] }).compile();
  const app = built.createNestApplication({ logger: false });
  app.useWebSocketAdapter(new IoAdapter(app));
  app.useWebSocketAdapter(tenantSockets(new IoAdapter(app)));
  await app.init();
  const late = tenantSockets(new IoAdapter(app));
  expect(() => app.useWebSocketAdapter(late)).toThrow(
    /^tenancy_misconfigured: tenantSockets.+after the gateways were connected.+before `app\.init\(\)`/,
  );
  await app.close();
});
