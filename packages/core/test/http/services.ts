import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import { fromSignedHeader, InMemoryTenantRegistry, TenancyModule, TenantContext, Untenanted } from '../../src/index.js';
import { serve } from '../server.js';

export const secret = 'shared by two services, and by nobody else';
export const tenants = Array.from({ length: 6 }, (_, index) => ({ id: `t/${index}`, slug: `tenant-${index}` }));

const context = new TenantContext();

/** A service that knows its caller's tenant by the header, and sends on wherever it is told. */
@Controller()
class BillingController {
  @Get('who')
  async who() {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
    return { of: context.current().slug };
  }

  @Untenanted()
  @Get('health')
  health(@Headers('x-signed-tenant') told?: string) {
    return { told: told ?? null };
  }

  @Untenanted()
  @Get('away')
  away(
    @Query('to') to: string,
    @Query('status') status: string,
    @Res() response: { redirect(status: number, to: string): void },
  ) {
    response.redirect(Number(status ?? 302), to);
  }
}

export interface Service {
  readonly origin: string;
  readonly seen: IncomingHttpHeaders[];
  close(): Promise<void>;
}

export async function billing(): Promise<Service> {
  const server = await serve('express', {
    imports: [
      TenancyModule.forRoot({
        registry: new InMemoryTenantRegistry(tenants),
        sources: [fromSignedHeader({ secret })],
      }),
    ],
    controllers: [BillingController],
  });
  return { origin: `http://127.0.0.1:${server.port}`, seen: [], close: () => server.close() };
}

/** Somebody else's service, which notes what it is told, and sends back whoever asks for `/back?to=…`. */
export async function stranger(): Promise<Service> {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stranger');
    if (pathname === '/back') response.writeHead(302, { location: searchParams.get('to') ?? '/' }).end();
    else {
      request.resume().on('end', () => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ told: request.headers['x-signed-tenant'] ?? null, method: request.method }));
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
