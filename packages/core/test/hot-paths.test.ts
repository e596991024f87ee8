import { AsyncLocalStorage } from 'node:async_hooks';
import { Controller, Get, Inject } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { afterEach, expect, it, vi } from 'vitest';
import { TenantHttpModule } from '../src/http.js';
import { fromSubdomain, TenancyModule, TenantContext } from '../src/index.js';
import { TenantLogger } from '../src/logging.js';
import { TenantMicroservicesModule } from '../src/microservices.js';
import { acme, adapters, call, globex, type Server, serve, testRegistry } from './server.js';

@Controller()
class WhoController {
  private readonly logger = new TenantLogger({ logLevels: ['fatal'] });
  constructor(@Inject(TenantContext) private readonly context: TenantContext) {}
  @Get('who')
  async who() {
    this.logger.log('asked');
    await new Promise(setImmediate);
    return { tenant: this.context.tenantId };
  }
}

let server: Server;
afterEach(() => server.close());

it.each(adapters)(
  'X8: no request of %s goes through an interceptor of ours, or takes a snapshot of its context',
  async (adapter) => {
    server = await serve(adapter, {
      imports: [
        TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] }),
        TenantMicroservicesModule.forRoot(),
        TenantHttpModule.forRoot({ hosts: ['https://billing.test'], secret: 's'.repeat(32) }),
      ],
      controllers: [WhoController],
    });
    const config = server.app.get(ApplicationConfig);
    expect([...config.getGlobalInterceptors(), ...config.getGlobalRequestInterceptors()]).toEqual([]);
    const snapshot = vi.spyOn(AsyncLocalStorage, 'snapshot');
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const { slug, id } = n % 2 ? acme : globex;
        const { body } = await call(server, `${slug}.localhost`, '/who');
        return [(body as { tenant: string }).tenant, id];
      }),
    );
    for (const [seen, own] of answers) expect(seen).toBe(own);
    expect(snapshot).not.toHaveBeenCalled();
    snapshot.mockRestore();
  },
);
