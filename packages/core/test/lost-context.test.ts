import { EventEmitter } from 'node:events';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestModule,
  Post,
  UseInterceptors,
} from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { Observable } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  fromSubdomain,
  TenancyModule,
  TenantContext,
  TenantContextInterceptor,
  TenantResolverMiddleware,
} from '../src/index.js';
import { adapters, call, type Server, serve, testRegistry } from './server.js';

const context = new TenantContext();

/** A session store with one connection: whoever sends the next reply wakes the one who waits, in its own context. */
class SharedConnection {
  readonly #replies = new EventEmitter();
  #waiting = 0;

  ask(callback: () => void): void {
    this.#waiting += 1;
    this.#replies.once(`reply ${this.#waiting}`, callback);
    // The second caller brings the first one's reply with it: the first goes on in the second's context (C2's mechanism).
    if (this.#waiting % 2 === 0) {
      this.#replies.emit(`reply ${this.#waiting - 1}`);
      this.#replies.emit(`reply ${this.#waiting}`);
    }
  }
}

let connection = new SharedConnection();
beforeEach(() => {
  connection = new SharedConnection();
});

const losing = (_: unknown, __: unknown, next: () => void) => connection.ask(next);

/** The same in an interceptor. */
class LosingInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return new Observable<unknown>((subscriber) => {
      connection.ask(() => next.handle().subscribe(subscriber));
    });
  }
}

const tenancy = () =>
  TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] });

@Controller()
class WhoController {
  @Get('who')
  @Post('who')
  who() {
    return { id: context.tenantId };
  }

  @Get('repaired')
  @UseInterceptors(LosingInterceptor, TenantContextInterceptor)
  repaired() {
    return { id: context.tenantId };
  }
}

@Module({ imports: [tenancy()], controllers: [WhoController] })
class LosingModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(losing).forRoutes('who');
  }
}

@Module({ imports: [tenancy()], controllers: [WhoController] })
class RepairedModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(losing, TenantResolverMiddleware).forRoutes('who');
  }
}

describe.each(adapters)('C6: on %s, a request that goes on in another tenant’s context', (adapter) => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  const askBoth = (path: string) => {
    const to = server as Server;
    return Promise.all([call(to, 'acme.localhost', path), call(to, 'globex.localhost', path)]);
  };

  it('is refused, and never answered as the other tenant', async () => {
    server = await serve(adapter, { imports: [LosingModule] });
    const answers = await askBoth('/who');
    for (const [i, { status, body }] of answers.entries()) {
      if (status === 200) expect(body).toEqual({ id: ['t_acme', 't_globex'][i] });
      else expect([status, body['message']]).toEqual([500, 'tenant_context_missing']);
    }
    // Whoever came second never left its own context.
    expect(answers.map(({ status }) => status)).toEqual([500, 200]);
  });

  it('is put right by TenantResolverMiddleware after the middleware that loses it', async () => {
    server = await serve(adapter, { imports: [RepairedModule] });
    const answers = await askBoth('/who');
    expect(answers.map(({ body }) => body)).toEqual([{ id: 't_acme' }, { id: 't_globex' }]);
  });

  it('is put right by TenantContextInterceptor after the interceptor that loses it', async () => {
    server = await serve(adapter, { imports: [tenancy()], controllers: [WhoController] });
    const answers = await askBoth('/repaired');
    expect(answers.map(({ body }) => body)).toEqual([{ id: 't_acme' }, { id: 't_globex' }]);
  });
});

// What both adapters have and their common interface does not name.
const hooks = (app: INestApplication) => app.getHttpAdapter() as unknown as AbstractHttpAdapter;

describe.each(adapters)('the request hook of %s', (adapter) => {
  it('of the application’s own goes on working, inside the context', async () => {
    const seen: string[] = [];
    const server = await serve(adapter, { imports: [tenancy()], controllers: [WhoController] }, (app) => {
      hooks(app).setOnRequestHook((_: unknown, __: unknown, next: () => void) => {
        seen.push(context.tenantId);
        next();
      });
    });
    expect((await call(server, 'acme.localhost', '/who')).body).toEqual({ id: 't_acme' });
    expect(seen).toEqual(['t_acme']);
    await server.close();
  });

  it('that replaces the entrance leaves every request refused, with the reason in the log', async () => {
    const server = await serve(adapter, { imports: [tenancy()], controllers: [WhoController] });
    hooks(server.app).setOnRequestHook((_: unknown, __: unknown, next: () => void) => next());
    const { status, body } = await call(server, 'acme.localhost', '/who');
    expect([status, body['message']]).toEqual([500, 'tenant_context_missing']);
    await server.close();
  });
});
