import { EventEmitter } from 'node:events';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestModule,
  Post,
  Scope,
  UseInterceptors,
} from '@nestjs/common';
import { type AbstractHttpAdapter, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { Observable } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CurrentTenant,
  fromSubdomain,
  resumeRequest,
  TenancyModule,
  TenantContext,
  TenantContextInterceptor,
  TenantGuard,
  TenantResolver,
  TenantResolverMiddleware,
  Untenanted,
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

describe.each(adapters)("C6: on %s, a request that goes on in another tenant's context", (adapter) => {
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

@Injectable()
class LosingProvider extends LosingInterceptor {}

@Injectable({ scope: Scope.REQUEST })
class LosingRequestProvider extends LosingInterceptor {}

@Injectable({ scope: Scope.TRANSIENT })
class LosingTransientProvider extends LosingInterceptor {}

/** Enters a tenant of its own around the handler, after it was lost or not. */
class EnteringInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return new Observable<unknown>((subscriber) =>
      context.run({ id: 't_own', slug: 'own' }, () => next.handle().subscribe(subscriber)),
    );
  }
}

@Controller()
class InterceptedController {
  @Get('class')
  @UseInterceptors(LosingProvider)
  class() {
    return { id: context.tenantId };
  }

  @Get('instance')
  @UseInterceptors(new LosingInterceptor())
  instance() {
    return { id: context.tenantId };
  }

  @Get('request')
  @UseInterceptors(LosingRequestProvider)
  request() {
    return { id: context.tenantId };
  }

  @Get('transient')
  @UseInterceptors(LosingTransientProvider)
  transient() {
    return { id: context.tenantId };
  }

  @Get('current')
  @UseInterceptors(LosingProvider)
  current(@CurrentTenant('id') id: string) {
    return { id };
  }

  @Untenanted()
  @Get('entered')
  @UseInterceptors(EnteringInterceptor)
  entered(@CurrentTenant('id') id: string) {
    return { id };
  }

  @Untenanted()
  @Get('untenanted')
  @UseInterceptors(LosingProvider)
  untenanted() {
    return { id: context.isActive() ? context.tenantId : 'none' };
  }
}

describe.each(adapters)("core-2: on %s, an interceptor that goes on from a shared connection's callback", (adapter) => {
  const both = async (server: Server, path: string) => {
    const answers = await Promise.all([call(server, 'acme.localhost', path), call(server, 'globex.localhost', path)]);
    return answers.map(({ body }) => body['id'] ?? body['message']);
  };

  it.each(['class', 'instance', 'request', 'transient', 'current'])(
    '(%s) runs the handler as its own tenant',
    async (path) => {
      const server = await serve(adapter, { imports: [tenancy()], controllers: [InterceptedController] });
      expect(await both(server, `/${path}`)).toEqual(['t_acme', 't_globex']);
      await server.close();
    },
  );

  it.each<[string, object, boolean]>([
    ['APP_INTERCEPTOR', { provide: APP_INTERCEPTOR, useClass: LosingInterceptor }, false],
    [
      'APP_INTERCEPTOR of a request',
      { provide: APP_INTERCEPTOR, useClass: LosingRequestProvider, scope: Scope.REQUEST },
      false,
    ],
    ['useGlobalInterceptors', { provide: 'nothing', useValue: 0 }, true],
  ])('(%s) runs the handler as its own tenant', async (_, provider, global) => {
    const server = await serve(
      adapter,
      { imports: [tenancy()], controllers: [WhoController], providers: [provider as never] },
      (app) => void (global && app.useGlobalInterceptors(new LosingInterceptor())),
    );
    expect(await both(server, '/who')).toEqual(['t_acme', 't_globex']);
    await server.close();
  });

  it('leaves an untenanted handler without one, and what an interceptor enters itself alone', async () => {
    const server = await serve(adapter, { imports: [tenancy()], controllers: [InterceptedController] });
    expect(await both(server, '/untenanted')).toEqual(['none', 'none']);
    expect(await both(server, '/entered')).toEqual(['t_own', 't_own']);
    await server.close();
  });

  it('that nothing holds is found out by @CurrentTenant()', async () => {
    const resolver = new TenantResolver({ sources: [fromSubdomain({ baseDomain: 'localhost' })] }, testRegistry());
    const middleware = new TenantResolverMiddleware(resolver);
    const server = await serve(
      adapter,
      {
        controllers: [InterceptedController],
        providers: [TenantContext, { provide: APP_GUARD, useClass: TenantGuard }],
      },
      (app) => hooks(app).setOnRequestHook(middleware.use.bind(middleware)),
    );
    expect(await both(server, '/current')).toEqual(['tenant_context_missing', 't_globex']);
    await server.close();
  });
});

describe.each(adapters)('core-2: on %s, a raw handler behind a middleware that loses the context', (adapter) => {
  it('runs as its own tenant with resumeRequest', async () => {
    const resumed = (request: object, _: unknown, next: () => void) => resumeRequest(request, next);
    const server = await serve(adapter, { imports: [tenancy()] }, (app) => {
      const answer = () => ({ id: context.tenantId });
      if (adapter === 'express') {
        app.use(losing, resumed);
        app.use('/raw', (_: unknown, response: { json(body: object): void }) => response.json(answer()));
      } else {
        const fastify = app.getHttpAdapter().getInstance();
        fastify.addHook('onRequest', losing);
        fastify.addHook('onRequest', resumed);
        fastify.get('/raw', (_: unknown, reply: { send(body: object): void }) => reply.send(answer()));
      }
    });
    const answers = await Promise.all([
      call(server, 'acme.localhost', '/raw'),
      call(server, 'globex.localhost', '/raw'),
    ]);
    expect(answers.map(({ body }) => body)).toEqual([{ id: 't_acme' }, { id: 't_globex' }]);
    await server.close();
  });

  it('that came through no entrance is refused', () => {
    expect(() => resumeRequest({}, () => 'ran')).toThrow(/tenant_context_missing/);
  });
});

it('core-2: a middleware that enters a tenant of its own around the request is not one that lost it', async () => {
  const server = await serve('express', { imports: [tenancy()], controllers: [WhoController] }, (app) => {
    app.use((_: unknown, __: unknown, next: () => void) => context.run(context.current(), next));
  });
  expect((await call(server, 'acme.localhost', '/who')).body).toEqual({ id: 't_acme' });
  await server.close();
});

// What both adapters have and their common interface does not name.
const hooks = (app: INestApplication) => app.getHttpAdapter() as unknown as AbstractHttpAdapter;

describe.each(adapters)('the request hook of %s', (adapter) => {
  it("of the application's own goes on working, inside the context", async () => {
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
