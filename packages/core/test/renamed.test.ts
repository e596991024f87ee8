import { Controller, Get } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { afterEach, describe, expect, it } from 'vitest';
import {
  CurrentTenant,
  fromJwt,
  fromSubdomain,
  InMemoryTenantRegistry,
  type SubdomainOptions,
  TenancyModule,
  type Tenant,
  Untenanted,
} from '../src/index.js';
import { adapters, behindProxy, call, SECRET, type Server, sendRaw, serve } from './server.js';

@Controller()
class WhoController {
  @Get('who')
  who(@CurrentTenant('id') id: string) {
    return { id };
  }

  @Untenanted()
  @Get('health')
  health() {
    return 'ok';
  }
}

const sign = (tenantId: string) => new JwtService({ secret: SECRET }).sign({ tenantId });
const tenants = [
  { id: 't_acme', slug: 'acme', formerSlugs: ['old', 'bücher'] },
  { id: 't_globex', slug: 'globex' },
  { id: 't_closed', slug: 'shut', status: 'suspended', formerSlugs: ['closed'] },
  { id: 't_büro', slug: 'büro', formerSlugs: ['office'] },
];

/** Answers with a slug that leads elsewhere, as a table into which anybody may write would. */
class HostileRegistry extends InMemoryTenantRegistry {
  constructor(private readonly slug: string) {
    super(tenants);
  }

  override async findByFormerSlug(): Promise<Tenant> {
    return { id: 't_evil', slug: this.slug };
  }
}

describe.each(adapters)('a tenant that was renamed, on %s', (adapter) => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  const start = async (options: Partial<SubdomainOptions> = {}, registry = new InMemoryTenantRegistry(tenants)) => {
    const sources = [fromSubdomain({ baseDomain: 'app.test', ...options }), fromJwt({ secret: SECRET })];
    const metadata = { controllers: [WhoController], imports: [TenancyModule.forRoot({ registry, sources })] };
    server = await serve(adapter, metadata);
    return server;
  };

  it('is sent on from its old host to the same path of the new one, with the port', async () => {
    const at = await start();
    const { status, headers, text } = await call(at, 'old.app.test:8443', '/who?a=1&b=%2F..');
    expect([status, text, headers.location]).toEqual([308, '', '//acme.app.test:8443/who?a=1&b=%2F..']);
    expect(headers['cache-control']).toBe('no-store');
    expect((await call(at, 'old.app.test', '/who', { body: { a: 1 } })).headers.location).toBe('//acme.app.test/who');
    expect((await call(at, 'xn--bcher-kva.app.test', '/')).headers.location).toBe('//acme.app.test/');
    expect((await call(at, 'office.app.test', '/')).headers.location).toBe('//xn--bro-hoa.app.test/');
    // Not the place to say that it is suspended: the new host says it.
    expect((await call(at, 'closed.app.test', '/who')).headers.location).toBe('//shut.app.test/who');
    expect((await call(at, 'acme.app.test', '/who')).body).toEqual({ id: 't_acme' });
    expect((await call(at, 'nobody.app.test', '/who')).status).toBe(401);
    expect((await call(at, 'old.other.test', '/who')).status).toBe(401);
    expect((await call(at, 'app.test', '/health')).status).toBe(200);
  });

  it('has the same answer for every token', async () => {
    const at = await start();
    const answers = await Promise.all(
      [undefined, sign('t_acme'), sign('t_globex'), sign('t_nobody'), 'nonsense'].map(async (token) => {
        const { status, headers } = await call(at, 'old.app.test', '/who', token === undefined ? {} : { token });
        return `${status} ${headers.location}`;
      }),
    );
    expect(new Set(answers)).toEqual(new Set(['308 //acme.app.test/who']));
    expect((await call(at, 'globex.app.test', '/who', { token: sign('t_acme') })).body['message']).toBe(
      'tenant_mismatch',
    );
  });

  it("is not sent on where its old slug is another tenant's now: that one's host is its own", async () => {
    const taken = new InMemoryTenantRegistry([...tenants, { id: 't_newcomer', slug: 'old' }]);
    const at = await start({}, taken);
    expect((await call(at, 'old.app.test', '/who')).body).toEqual({ id: 't_newcomer' });
    const { status, headers, body } = await call(at, 'old.app.test', '/who', { token: sign('t_acme') });
    expect([status, headers.location, body['message']]).toEqual([401, undefined, 'tenant_mismatch']);
  });

  it('is as one that nobody has, where that is said', async () => {
    const at = await start({ renamed: 'refuse' });
    const [old, unknown] = await Promise.all([call(at, 'old.app.test', '/who'), call(at, 'nobody.app.test', '/who')]);
    expect([old.status, old.body]).toEqual([401, unknown.body]);
    const token = sign('t_acme');
    const [mine, invented] = await Promise.all([
      call(at, 'old.app.test', '/who', { token }),
      call(at, 'nobody.app.test', '/who', { token }),
    ]);
    expect([mine.status, mine.body]).toEqual([401, invented.body]);
  });

  it.each(['//evil.test', '//evil.test/%2f..', '/\\evil.test', '/a//b'])(
    'stays on the host for the path %s',
    async (path) => {
      const at = await start();
      const { location } = (await call(at, 'old.app.test', path)).headers;
      expect(new URL(location ?? '', 'https://old.app.test').host).toBe('acme.app.test');
    },
  );

  it('stays on the host for a target with a host', async () => {
    const at = await start();
    const answer = await sendRaw(
      at,
      'GET http://old.app.test/who?x=1 HTTP/1.1\nHost: old.app.test\nConnection: close\n\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 308 .*\r\nlocation: \/\/acme\.app\.test\/who\?x=1\r\n/is);
    const evil = await sendRaw(at, 'GET http://evil.test/who HTTP/1.1\nHost: old.app.test\nConnection: close\n\n');
    expect(evil).toMatch(/^HTTP\/1\.1 401 /);
  });

  it.each(['evil.test/', 'evil.test#', 'a.b', 'www', 'evil@x', '', 'x:80', 'xn--acme-'])(
    'is refused where its slug of now is %j',
    async (slug) => {
      const at = await start({}, new HostileRegistry(slug));
      expect((await call(at, 'old.app.test', '/who')).status).toBe(401);
    },
  );

  it('keeps the host and port that a proxy which is trusted was asked for, and no other', async () => {
    const sources = [fromSubdomain({ baseDomain: 'app.test' })];
    const registry = new InMemoryTenantRegistry(tenants);
    const trusted = behindProxy({ imports: [TenancyModule.forRoot({ registry, sources })] });
    server = await serve(adapter, trusted, (app) => {
      if (adapter === 'express') (app as NestExpressApplication).set('trust proxy', true);
    });
    const headers = { 'x-forwarded-host': 'old.app.test:444', 'x-forwarded-proto': 'https' };
    expect((await call(server, 'inner:3000', '/a', { headers })).headers.location).toBe('//acme.app.test:444/a');
    await server.close();
    server = await serve(adapter, { imports: [TenancyModule.forRoot({ registry, sources })] });
    expect((await call(server, 'inner:3000', '/a', { headers })).status).not.toBe(308);
    const direct = await call(server, 'old.app.test:80', '/a', { headers: { 'x-forwarded-host': 'evil.test:1' } });
    expect(direct.headers.location).toBe('//acme.app.test:80/a');
  });

  it('is not sent on by a registry that fails', async () => {
    class Failing extends InMemoryTenantRegistry {
      override async findByFormerSlug(): Promise<never> {
        throw new Error('gone');
      }
    }
    const at = await start({}, new Failing(tenants));
    expect((await call(at, 'old.app.test', '/who')).status).toBe(401);
  });
});
