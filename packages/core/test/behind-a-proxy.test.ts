import { Controller, Get } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { describe, expect, it } from 'vitest';
import { CurrentTenant, fromSubdomain, TenancyModule } from '../src/index.js';
import { adapters, behindProxy, call, serve, testRegistry } from './server.js';

@Controller()
class WhoController {
  @Get('who')
  who(@CurrentTenant('id') id: string) {
    return { id };
  }
}

describe.each(adapters)('behind a proxy that %s is told to trust', (adapter) => {
  it('the tenant is the one the proxy was asked for', async () => {
    const metadata = behindProxy({
      controllers: [WhoController],
      imports: [
        TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] }),
      ],
    });
    const server = await serve(adapter, metadata, (app) => {
      if (adapter === 'express') (app as NestExpressApplication).set('trust proxy', true);
    });
    try {
      const forwarded = (host: string) => ({ headers: { 'x-forwarded-host': host } });
      expect((await call(server, 'inner', '/who', forwarded('acme.localhost'))).body).toEqual({ id: 't_acme' });
      expect((await call(server, 'acme.localhost', '/who', forwarded('globex.localhost:443'))).body).toEqual({
        id: 't_globex',
      });
      expect((await call(server, 'acme.localhost', '/who', forwarded('nobody.localhost'))).status).toBe(401);
      expect((await call(server, 'acme.localhost', '/who', forwarded('not a host'))).status).toBe(401);
      expect((await call(server, 'acme.localhost', '/who')).body).toEqual({ id: 't_acme' });
    } finally {
      await server.close();
    }
  });
});
