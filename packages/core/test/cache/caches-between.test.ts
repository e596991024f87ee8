import { createHmac } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Controller, Get, Header, Res } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TenantCacheModule } from '../../src/cache.js';
import { fromJwt, fromSignedHeader, fromSubdomain, TenancyModule, Untenanted } from '../../src/index.js';
import { adapters, call, type Server, serve, testRegistry } from '../server.js';

const SECRET = 'a secret of at least thirty-two bytes';

const tokenOf = (tenantId: string) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ tenantId })}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
};

@Controller()
class AnswersController {
  @Get('usual')
  usual() {
    return 'of a tenant';
  }

  @Get('said')
  @Header('Cache-Control', 'public, max-age=60')
  @Header('Vary', 'Accept-Encoding')
  said() {
    return 'of a tenant';
  }

  @Get('raw')
  raw(@Res() response: ServerResponse | { raw: ServerResponse }) {
    const raw = 'raw' in response ? response.raw : response;
    raw.writeHead(200, { 'CACHE-CONTROL': 'public, max-age=5', 'content-type': 'text/plain' });
    raw.end('raw');
  }

  @Get('health')
  @Untenanted()
  health() {
    return 'ok';
  }
}

describe.each(adapters)('K7: caches between a client and this server, on %s', (adapter) => {
  let server: Server;
  beforeAll(async () => {
    server = await serve(adapter, {
      imports: [
        TenantCacheModule.register(),
        TenancyModule.forRoot({
          registry: testRegistry(),
          sources: [
            fromSubdomain({ baseDomain: 'app.example.com' }),
            fromJwt({ secret: SECRET }),
            fromSignedHeader({ secret: SECRET }),
          ],
        }),
        TenantCacheModule.register({ isGlobal: true }),
      ],
      controllers: [AnswersController],
    });
  });
  afterAll(() => server.close());

  const headers = async (path: string, slug = 'acme') => (await call(server, `${slug}.app.example.com`, path)).headers;

  it('keep no answer of a tenant, and those of a browser tell tenants apart, interleaved', async () => {
    const both = await Promise.all(['acme', 'globex'].map((slug) => headers('/usual', slug)));
    for (const { 'cache-control': control, vary } of both) {
      expect({ control, vary }).toEqual({ control: 'private', vary: 'Authorization, x-signed-tenant' });
    }
    const { headers: byToken } = await call(server, 'api.app.example.com', '/usual', { token: tokenOf('t_globex') });
    expect(byToken['cache-control']).toBe('private');
  });

  it('do what the application says, which still varies', async () => {
    expect(await headers('/said')).toMatchObject({
      'cache-control': 'public, max-age=60',
      vary: 'Accept-Encoding, Authorization, x-signed-tenant',
    });
    expect(await headers('/raw')).toMatchObject({ 'cache-control': 'public, max-age=5' });
  });

  it("are told nothing of what is no tenant's", async () => {
    const untenanted = await headers('/health');
    expect(untenanted).not.toHaveProperty('cache-control');
    const refused = await call(server, 'unknown.app.example.com', '/usual');
    expect(refused.status).toBe(401);
    expect(refused.headers).not.toHaveProperty('cache-control');
  });
});
