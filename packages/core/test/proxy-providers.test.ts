import { Controller, Get, Inject, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { CLS_REQ, ClsModule } from 'nestjs-cls';
import { afterEach, describe, expect, it } from 'vitest';
import { CurrentTenant, fromSubdomain, TenancyModule } from '../src/index.js';
import { adapters, call, type Server, serve, testRegistry } from './server.js';

@Controller()
class WhoController {
  constructor(@Inject(CLS_REQ) private readonly request: { readonly url: string }) {}

  @Get('who')
  who(@CurrentTenant('id') id: string) {
    return { id, url: this.request.url };
  }
}

/** nestjs-cls provides stand-ins for the request and the answer, which throw when they are read without a request. */
@Module({
  controllers: [WhoController],
  imports: [
    ClsModule.forRoot({ global: true, middleware: { mount: true } }),
    CqrsModule.forRoot(),
    TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] }),
  ],
})
class AppModule {}

describe('providers that refuse to be read without a request', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  it.each(adapters)(
    'leave the application to start on %s, and are what they stand for in a request',
    async (adapter) => {
      server = await serve(adapter, { imports: [AppModule] });
      const { body } = await call(server, 'acme.localhost', '/who');
      expect(body).toEqual({ id: 't_acme', url: '/who' });
    },
  );
});
