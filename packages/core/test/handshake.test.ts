import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { JwtService } from '@nestjs/jwt';
import { ExpressAdapter } from '@nestjs/platform-express';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Admission,
  admitHandshake,
  type HandshakeSources,
  keepVerified,
} from '../src/handshake/admit-handshake.js';
import { ConnectionWatch } from '../src/handshake/connection-watch.js';
import { forwardedHostname } from '../src/handshake/forwarded-hostname.js';
import { resolveHandshakeOptions } from '../src/handshake/handshake.options.js';
import {
  CachedTenantRegistry,
  fromJwt,
  fromSession,
  fromSignedHeader,
  fromSubdomain,
  signTenantHeader,
  TenancyModule,
  TenantResolver,
  type TenantStatus,
  verifiedPayload,
} from '../src/index.js';
import { acme, adapters, behindProxy, globex, SECRET, type Server, serve, testRegistry } from './server.js';

const jwt = new JwtService({ secret: SECRET });
const tokenOf = (tenantId: string, expiresIn = 3_600) => jwt.sign({ tenantId, sub: 'u_1' }, { expiresIn });

const sources = [
  fromSubdomain({ baseDomain: 'localhost' }),
  fromJwt({ secret: SECRET }),
  fromSignedHeader({ secret: SECRET }),
  fromSession<{ session?: { tenantId: string } }>({ tenantId: (request) => request.session?.tenantId }),
];

describe.each(adapters)('handshakes of an application on %s', (adapter) => {
  let server: Server;
  let own: HandshakeSources;
  let session: { tenantId: string } | undefined;

  beforeAll(async () => {
    const tenancy = TenancyModule.forRoot({ registry: testRegistry(), sources });
    server = await serve(adapter, behindProxy({ imports: [tenancy] }), (app) => {
      const http = app.getHttpAdapter();
      if (http instanceof ExpressAdapter) http.set('trust proxy', true);
    });
    own = {
      resolver: server.app.get(TenantResolver),
      hostnameOf: forwardedHostname(server.app.getHttpAdapter()),
      origins: [['https://app.example.com']],
    };
    server.app.getHttpServer().on('upgrade', async (request: IncomingMessage, socket: Duplex) => {
      if (session) Object.assign(request, { session });
      const token = request.headers['x-beside'];
      const admission = await admitHandshake('A test', own, request, token);
      const connection = {};
      keepVerified(connection, admission);
      const user = verifiedPayload<{ sub: string }>(connection)?.sub ?? 'nobody';
      socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nX-Said: ${said(admission)} ${user}\r\n\r\n`);
    });
  });
  afterAll(() => server.close());

  const said = ({ tenant, refusal }: Admission) => tenant?.id ?? refusal?.code;

  const ask = (host: string, headers: Readonly<Record<string, string>> = {}) =>
    new Promise<unknown>((resolve, reject) => {
      const upgrade = { host, connection: 'Upgrade', upgrade: 'websocket', ...headers };
      httpRequest({ host: '127.0.0.1', port: server.port, headers: upgrade })
        .on('response', (response) => resolve(response.resume().headers['x-said']))
        .on('error', reject)
        .end();
    });

  it('S2: are identified by the same sources, which must agree', async () => {
    expect(await ask('acme.localhost')).toBe('t_acme nobody');
    expect(await ask('localhost', { authorization: `Bearer ${tokenOf('t_globex')}` })).toBe('t_globex u_1');
    const signed = { 'x-signed-tenant': signTenantHeader('t_acme', { secret: SECRET }) };
    expect(await ask('localhost', signed)).toBe('t_acme nobody');
    expect(await ask('globex.localhost', signed)).toMatch(/^tenant_mismatch/);
    expect(await ask('acme.localhost', { authorization: `Bearer ${tokenOf('t_globex')}` })).toMatch(/^tenant_mismatch/);
    expect(await ask('nobody.localhost')).toMatch(/^tenant_required/);
    expect(await ask('closed.localhost')).toMatch(/^tenant_inactive/);
    expect(await ask('localhost', { authorization: `Bearer ${tokenOf('t_acme', -1)}` })).toMatch(/^tenant_required/);
  });

  it('S2: interleaved, each is its own', async () => {
    const asked = Array.from({ length: 40 }, (_, i) => (i % 2 ? acme : globex));
    const answers = await Promise.all(asked.map(({ slug }) => ask(`${slug}.localhost`)));
    expect(answers).toEqual(asked.map(({ id }) => `${id} nobody`));
  });

  it('a token beside the headers is one of their sources, and a second one beside another is none', async () => {
    expect(await ask('localhost', { 'x-beside': tokenOf('t_acme') })).toBe('t_acme u_1');
    expect(await ask('globex.localhost', { 'x-beside': tokenOf('t_acme') })).toMatch(/^tenant_mismatch/);
    const headers = { authorization: `Bearer ${tokenOf('t_acme')}`, 'x-beside': tokenOf('t_globex') };
    expect(await ask('localhost', headers)).toMatch(/^tenant_required/);
    expect(await ask('acme.localhost', headers)).toMatch(/^tenant_mismatch/);
  });

  it('a session that is on the request is asked, and says nothing where none is', async () => {
    session = { tenantId: 't_acme' };
    expect(await ask('acme.localhost')).toBe('t_acme nobody');
    expect(await ask('localhost')).toBe('t_acme nobody');
    expect(await ask('globex.localhost')).toMatch(/^tenant_mismatch/);
    session = undefined;
    expect(await ask('globex.localhost')).toBe('t_globex nobody');
  });

  it('the host is the one that a trusted proxy names', async () => {
    expect(await ask('internal', { 'x-forwarded-host': 'acme.localhost' })).toBe('t_acme nobody');
    expect(await ask('globex.localhost', { 'x-forwarded-host': 'acme.localhost' })).toBe('t_acme nobody');
    const trusting = own;
    own = { ...own, hostnameOf: () => undefined };
    expect(await ask('globex.localhost', { 'x-forwarded-host': 'acme.localhost' })).toBe('t_globex nobody');
    own = trusting;
  });

  it("S2: a page of another host is refused, whichever tenant's it is, unless it is named", async () => {
    for (const origin of ['http://acme.localhost', 'https://acme.localhost', 'http://acme.localhost:5173']) {
      expect(await ask('acme.localhost', { origin })).toBe('t_acme nobody');
    }
    expect(await ask('acme.localhost', { origin: 'https://app.example.com' })).toBe('t_acme nobody');
    for (const origin of [
      'http://globex.localhost',
      'https://evil.test',
      'http://acme.localhost.evil.test',
      'http://evil.test/acme.localhost',
      'http://app.example.com',
      'null',
      '',
      'file://',
      'http://acme.localhost@evil.test',
    ]) {
      expect([origin, await ask('acme.localhost', { origin })]).toEqual([origin, 'tenant_mismatch nobody']);
    }
  });
});

describe('a watch over connections', () => {
  const watched = async (change: (registry: Registry) => void, expires: number | null = null) => {
    const registry = new Registry();
    const cached = new CachedTenantRegistry(registry, { ttl: 1 });
    const watch = new ConnectionWatch(cached, 5);
    const closedWith: Record<string, string> = {};
    const renewed: string[] = [];
    for (const tenantId of ['t_acme', 't_globex']) {
      watch.add({
        tenantId,
        expires: tenantId === 't_acme' ? expires : null,
        renew: ({ id }) => void renewed.push(id),
        close: ({ code }) => {
          closedWith[tenantId] = code;
        },
      });
    }
    change(registry);
    const until = registry.asked + 6;
    await vi.waitFor(() => expect(registry.asked).toBeGreaterThan(until));
    await vi.waitFor(() => expect(renewed).toContain('t_globex'));
    watch.stop();
    const { asked } = registry;
    await sleep(30);
    expect(registry.asked).toBeLessThanOrEqual(asked + 1);
    return closedWith;
  };

  class Registry extends CachedTenantRegistry {
    asked = 0;
    status: TenantStatus | 'gone' = 'active';
    fails = false;
    constructor() {
      super(testRegistry());
    }
    override async findById(id: string) {
      this.asked += 1;
      if (this.fails && id === 't_acme') throw new Error('away');
      const tenant = await super.findById(id);
      if (id !== 't_acme' || !tenant) return tenant;
      return this.status === 'gone' ? null : { ...tenant, status: this.status };
    }
  }

  it('S4: closes those of a tenant that was suspended, or deleted, and nobody else', async () => {
    expect(await watched((registry) => Object.assign(registry, { status: 'suspended' }))).toEqual({
      t_acme: 'tenant_inactive',
    });
    expect(await watched((registry) => Object.assign(registry, { status: 'gone' }))).toEqual({
      t_acme: 'tenant_required',
    });
  });

  it('S4: closes a connection whose token has ended, and no other', async () => {
    expect(await watched(() => {}, Date.now() + 20)).toEqual({ t_acme: 'tenant_required' });
    expect(await watched(() => {}, Date.now() + 60_000)).toEqual({});
  });

  it('closes nothing while the registry is away', async () => {
    expect(await watched((registry) => Object.assign(registry, { fails: true }))).toEqual({});
  });
});

it('options of handshakes are refused by name', () => {
  const refused = (options: object) => () => resolveHandshakeOptions('tenantSockets', options);
  expect(refused({ recheck: 0 })).toThrow(/tenantSockets\.recheck/);
  expect(refused({ origins: 'https://app.example.com' })).toThrow(/tenantSockets\.origins: is neither/);
  expect(refused({ origins: ['app.example.com'] })).toThrow(/"app\.example\.com" is not an origin/);
  expect(refused({ origins: ['*'] })).toThrow(/is not an origin/);
  expect(resolveHandshakeOptions('tenantSockets', {})).toEqual({ origins: [], recheck: 30_000 });
});
