import { Controller, Get } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CurrentTenant,
  fromCustomDomain,
  fromJwt,
  fromSignedHeader,
  fromSubdomain,
  signTenantHeader,
  TenancyModule,
  TenantContext,
  Tenanted,
  Untenanted,
} from '../src/index.js';
import { acme, adapters, call, globex, SECRET, type Server, sendRaw, serve, testRegistry } from './server.js';

@Controller()
class WhoController {
  readonly #context = new TenantContext();

  @Get('who')
  who(@CurrentTenant('id') id: string) {
    return { id, slug: this.#context.current().slug };
  }

  @Untenanted()
  @Get('health')
  health() {
    return { active: this.#context.isActive() };
  }

  @Untenanted()
  @Get('careless')
  careless(@CurrentTenant() tenant: unknown) {
    return tenant;
  }
}

@Untenanted()
@Controller('public')
class PublicController {
  @Get()
  page() {
    return { active: new TenantContext().isActive() };
  }
}

abstract class Inherited {
  @Get()
  page() {
    return { active: new TenantContext().isActive() };
  }
}

@Untenanted()
@Controller('inherited/public')
class InheritedPublicController extends Inherited {}

@Controller('inherited/private')
class InheritedPrivateController extends Inherited {}

@Untenanted()
@Controller('mixed')
class MixedController {
  @Get('open')
  open() {
    return { active: new TenantContext().isActive() };
  }

  @Tenanted()
  @Get('own')
  own() {
    return { active: new TenantContext().isActive() };
  }
}

@Controller('derived')
class DerivedController extends MixedController {}

@Tenanted()
@Controller('taken-back')
class TakenBackController extends MixedController {
  @Untenanted()
  @Get('again')
  again() {
    return { active: new TenantContext().isActive() };
  }
}

const token = (tenantId: unknown, options = {}) => new JwtService({ secret: SECRET }).sign({ tenantId }, options);
const refusal = (status: number, message: string, error: string) => ({ statusCode: status, message, error });
const REQUIRED = refusal(401, 'tenant_required', 'Unauthorized');
const MISMATCH = refusal(401, 'tenant_mismatch', 'Unauthorized');
const INACTIVE = refusal(403, 'tenant_inactive', 'Forbidden');

describe.each(adapters)('on %s', (adapter) => {
  let server: Server;

  beforeAll(async () => {
    server = await serve(adapter, {
      controllers: [
        WhoController,
        PublicController,
        InheritedPublicController,
        InheritedPrivateController,
        MixedController,
        DerivedController,
        TakenBackController,
      ],
      imports: [
        TenancyModule.forRoot({
          registry: testRegistry(),
          sources: [
            fromSubdomain({ baseDomain: ['localhost', 'app.example.com'] }),
            fromCustomDomain(),
            fromJwt({ secret: SECRET }),
            fromSignedHeader({ secret: SECRET }),
          ],
        }),
      ],
    });
  });
  afterAll(() => server.close());

  const who = (host: string, options = {}) => call(server, host, '/who', options);

  it.each([
    ['mixed/open', false],
    ['mixed/own', true],
    ['derived/open', false],
    ['derived/own', true],
    ['taken-back/open', true],
    ['taken-back/own', true],
    ['taken-back/again', false],
  ])('/%s needs a tenant: %j', async (path, isTenanted) => {
    expect((await call(server, 'acme.localhost', `/${path}`)).body).toEqual({ active: isTenanted });
    expect((await call(server, 'localhost', `/${path}`)).body).toEqual(isTenanted ? REQUIRED : { active: false });
  });

  it('identifies by subdomain, custom domain, token or signed header', async () => {
    const signed = { headers: { 'x-signed-tenant': signTenantHeader('t_acme', { secret: SECRET }) } };
    for (const reply of await Promise.all([
      who('acme.localhost'),
      who('ACME.LocalHost.:80'),
      who('acme.app.example.com'),
      who('careers.acme.test'),
      who('localhost', { token: token('t_acme') }),
      who('127.0.0.1', { token: token('t_acme') }),
      who('[::1]:3000', { token: token('t_acme') }),
      who('elsewhere.test', { token: token('t_acme') }),
      who('localhost', signed),
      who('acme.localhost', { token: token('t_acme'), ...signed }),
    ])) {
      expect([reply.status, reply.body]).toEqual([200, acme]);
    }
  });

  it("refuses globex's token on acme's subdomain, and the other way round", async () => {
    expect((await who('acme.localhost', { token: token('t_globex') })).body).toEqual(MISMATCH);
    expect((await who('globex.localhost', { token: token('t_acme') })).body).toEqual(MISMATCH);
    expect((await who('careers.acme.test', { token: token('t_globex') })).body).toEqual(MISMATCH);
    expect((await who('globex.localhost', { token: token('t_globex') })).body).toEqual(globex);
  });

  it('refuses what nothing identifies', async () => {
    for (const host of [
      'localhost',
      'nobody.localhost',
      'www.localhost',
      'a.b.localhost',
      '127.0.0.1',
      'acme.localhost.evil.test',
    ]) {
      const reply = await who(host);
      expect([host, reply.status, reply.body]).toEqual([host, 401, REQUIRED]);
    }
    expect((await who('localhost', { token: token('t_nobody') })).body).toEqual(REQUIRED);
    expect((await who('localhost', { token: token('t_acme', { expiresIn: -1 }) })).body).toEqual(REQUIRED);
  });

  it('refuses an unknown, unreserved subdomain even with a valid token', async () => {
    expect((await who('nobody.localhost', { token: token('t_acme') })).body).toEqual(MISMATCH);
    expect((await who('www.localhost', { token: token('t_acme') })).body).toEqual(acme);
  });

  it('answers an unknown tenant and a forbidden one with the same bytes', async () => {
    const unknown = await who('nobody.localhost', { token: token('t_acme') });
    const forbidden = await who('globex.localhost', { token: token('t_acme') });
    const { date: _, ...headers } = unknown.headers;
    expect([forbidden.status, forbidden.text]).toEqual([unknown.status, unknown.text]);
    expect(forbidden.headers).toMatchObject(headers);
  });

  it.each([
    ['an array', ['t_acme']],
    ['an object', { id: 't_acme' }],
    ['a number', 7],
    ['empty', ''],
    ['very long', 't_acme'.repeat(500)],
  ])("takes a tenant claim that is %s for nobody's, beside a good subdomain too", async (_, claim) => {
    expect((await who('localhost', { token: token(claim) })).body).toEqual(REQUIRED);
    expect((await who('acme.localhost', { token: token(claim) })).body).toEqual(MISMATCH);
  });

  it('refuses an inactive tenant', async () => {
    expect((await who('closed.localhost')).body).toEqual(INACTIVE);
    expect((await who('localhost', { token: token('t_closed') })).body).toEqual(INACTIVE);
  });

  it('trusts no body, no query, and no unsigned header', async () => {
    const headers = { 'x-tenant-id': 't_acme', 'x-tenant': 'acme', 'x-signed-tenant-id': 't_acme' };
    const reply = await call(server, 'localhost', '/who?tenantId=t_acme&tenant=acme', { headers });
    expect(reply.body).toEqual(REQUIRED);
    const post = await call(server, 'localhost', '/health', { method: 'GET', body: { tenantId: 't_acme' } });
    expect(post.body).toEqual({ active: false });
  });

  it('refuses a signed header that is wrong, also beside a good subdomain', async () => {
    const headers = {
      'x-signed-tenant': signTenantHeader('t_acme', { secret: 'another secret, which is as long as it has to be' }),
    };
    expect((await who('localhost', { headers })).body).toEqual(REQUIRED);
    expect((await who('acme.localhost', { headers })).body).toEqual(MISMATCH);
  });

  it('believes no X-Forwarded-Host unless the adapter trusts the proxy', async () => {
    const headers = { 'x-forwarded-host': 'acme.localhost', forwarded: 'host=acme.localhost' };
    expect((await who('localhost', { headers })).body).toEqual(REQUIRED);
    expect((await who('globex.localhost', { headers })).body).toEqual(globex);
  });

  it('lets untenanted routes run without a tenant, where asking for one throws, whoever calls', async () => {
    for (const host of ['localhost', 'acme.localhost', 'nobody.localhost', 'closed.localhost']) {
      expect((await call(server, host, '/health')).body).toEqual({ active: false });
      expect((await call(server, host, '/public', { token: token('t_globex') })).body).toEqual({ active: false });
      expect((await call(server, host, '/careless')).body).toEqual(
        refusal(500, 'tenant_context_missing', 'Internal Server Error'),
      );
    }
  });

  it('asks for a tenant in each controller by itself, also where two inherit one handler', async () => {
    for (let i = 0; i < 2; i += 1) {
      expect((await call(server, 'localhost', '/inherited/public')).body).toEqual({ active: false });
      expect((await call(server, 'localhost', '/inherited/private')).body).toEqual(REQUIRED);
      expect((await call(server, 'acme.localhost', '/inherited/private')).body).toEqual({ active: true });
    }
  });

  it('leaves a route that does not exist to the framework', async () => {
    expect((await call(server, 'localhost', '/nowhere')).status).toBe(404);
  });

  const raw = async (text: string) => {
    const answer = await sendRaw(server, text);
    return [Number(answer.split(' ')[1]), answer.split('\r\n\r\n')[1] ?? ''] as const;
  };

  it('refuses two Host headers, whichever comes first', async () => {
    for (const [one, two] of [
      ['acme', 'globex'],
      ['globex', 'acme'],
      ['acme', 'acme'],
    ]) {
      const [status, body] = await raw(
        `GET /who HTTP/1.1\nHost: ${one}.localhost\nHost: ${two}.localhost\nConnection: close\n\n`,
      );
      expect([400, 401]).toContain(status);
      expect(body).not.toMatch(/t_acme|t_globex/);
    }
  });

  it('refuses two Authorization headers', async () => {
    const [status, body] = await raw(
      `GET /who HTTP/1.1\nHost: localhost\nAuthorization: Bearer ${token('t_acme')}\nAuthorization: Bearer ${token('t_globex')}\nConnection: close\n\n`,
    );
    expect(status).toBe(401);
    expect(body).toContain('tenant_required');
  });

  it('refuses an absolute-form target that names another host than the Host header', async () => {
    const [status, body] = await raw(
      'GET http://globex.localhost/who HTTP/1.1\nHost: acme.localhost\nConnection: close\n\n',
    );
    expect([401, 404]).toContain(status);
    expect(body).not.toMatch(/t_acme|t_globex/);
  });

  it('gives no tenant to an empty Host, none at all, or several in one', async () => {
    for (const line of [
      'Host:',
      'Host: acme.localhost, globex.localhost',
      'Host: acme.localhost globex.localhost',
      'X: y',
    ]) {
      const [status, body] = await raw(`GET /who HTTP/1.1\n${line}\nConnection: close\n\n`);
      expect([400, 401]).toContain(status);
      expect(body).not.toMatch(/t_acme|t_globex/);
    }
    const [status] = await raw('GET /who HTTP/1.0\n\n');
    expect(status).toBe(401);
  });
});
