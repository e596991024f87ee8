import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type NestInterceptor,
  Scope,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { MessagePattern, Server as MessageServer } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { catchError, concatMap, defer, from, lastValueFrom, map, Observable, of, switchMap, tap } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TenantAdmin } from '../src/admin.js';
import { fromSubdomain, TenancyModule, TenantContext, Untenanted } from '../src/index.js';
import { type AdapterName, acme, adapters, call, globex, type Server, serve, testRegistry } from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');

/** A connection that two share: when the second asks, both go on from its callback, in its context. */
class SharedConnection {
  #waiting: (() => void)[] = [];

  ask(callback: () => void): void {
    this.#waiting.push(callback);
    if (this.#waiting.length === 2) for (const goOn of this.#waiting.splice(0)) goOn();
  }

  readonly answer = <T>(value: T) =>
    new Observable<T>((subscriber) =>
      this.ask(() => {
        subscriber.next(value);
        subscriber.complete();
      }),
    );
}

let connection = new SharedConnection();
const audited: string[] = [];
beforeEach(() => {
  connection = new SharedConnection();
  audited.length = 0;
});

const note = (as: string) => map((value: unknown) => `${value} ${as}:${seen()}`);

type Intercept = (next: CallHandler) => Observable<unknown> | Promise<Observable<unknown>>;

/** Operators that interceptors put behind the handler, and the place at which they lose the context of the request. */
const ways: Readonly<Record<string, Intercept>> = {
  audit: (next) =>
    next.handle().pipe(
      tap(() => audited.push(seen())),
      note('audit'),
    ),
  flags: (next) => new Observable((subscriber) => connection.ask(() => next.handle().subscribe(subscriber))),
  'flags inside': (next) =>
    new Observable((subscriber) => connection.ask(() => next.handle().pipe(note('inside')).subscribe(subscriber))),
  'lost inside': (next) =>
    new Observable((subscriber) => {
      next
        .handle()
        .pipe(
          switchMap((value) => connection.answer(value)),
          note('inside'),
        )
        .subscribe(subscriber);
    }),
  switchMap: (next) =>
    next.handle().pipe(
      switchMap((value) => connection.answer(value)),
      note('behind'),
    ),
  concatMap: (next) =>
    next.handle().pipe(
      concatMap((value) => connection.answer(value)),
      note('behind'),
      concatMap(async (value) => `${value} later:${seen()}`),
    ),
  catchError: (next) =>
    next.handle().pipe(
      map((value) => {
        throw new Error(String(value));
      }),
      catchError(({ message }: Error) => connection.answer(message)),
      note('behind'),
    ),
  'a cache in front': (next) =>
    connection.answer('missed').pipe(
      switchMap(() => next.handle()),
      note('behind'),
    ),
  'a cache that answers': () => connection.answer('hit').pipe(note('behind')),
  promised: async (next) => {
    await new Promise<void>((resolve) => connection.ask(resolve));
    return next.handle().pipe(note('behind'));
  },
  'promised, and lost': async (next) =>
    next.handle().pipe(
      switchMap((value) => connection.answer(value)),
      note('behind'),
    ),
};

const interceptor = (way: string): NestInterceptor => ({
  intercept: (_: ExecutionContext, next: CallHandler) => (ways[way] as Intercept)(next),
});

/** Answers to a request of each tenant, with `$` for its own. */
const chains: readonly [readonly string[], string][] = [
  [['audit', 'flags'], 'handler:$ audit:$'],
  [['flags', 'audit'], 'handler:$ audit:$'],
  [['audit', 'audit', 'flags'], 'handler:$ audit:$ audit:$'],
  [['flags inside'], 'handler:$ inside:$'],
  [['lost inside'], 'handler:$ inside:$'],
  [['switchMap'], 'handler:$ behind:$'],
  [['audit', 'switchMap'], 'handler:$ behind:$ audit:$'],
  [['flags', 'switchMap', 'audit'], 'handler:$ audit:$ behind:$'],
  [['concatMap'], 'handler:$ behind:$ later:$'],
  [['catchError'], 'handler:$ behind:$'],
  [['a cache in front'], 'handler:$ behind:$'],
  [['audit', 'a cache that answers'], 'hit behind:$ audit:$'],
  [['promised'], 'handler:$ behind:$'],
  [['flags', 'promised, and lost', 'audit'], 'handler:$ audit:$ behind:$'],
];

/** A class with a handler for each chain, as decorators would make it. */
function handlers(decorate: (name: string, untenanted: boolean) => MethodDecorator) {
  class Handlers {}
  for (const untenanted of [false, true]) {
    for (const [i, [chain]] of chains.entries()) {
      const name = `${untenanted ? 'untenanted' : 'own'}${i}`;
      const descriptor = { value: () => `handler:${seen()}`, configurable: true, writable: true };
      Object.defineProperty(descriptor.value, 'name', { value: name });
      Object.defineProperty(Handlers.prototype, name, descriptor);
      const decorators = [decorate(name, untenanted), UseInterceptors(...chain.map(interceptor))];
      if (untenanted) decorators.push(Untenanted());
      for (const decorator of decorators) decorator(Handlers.prototype, name, descriptor);
    }
  }
  return Handlers;
}

const cases = chains.map(([chain, answer], i) => [chain.join(', '), i, answer] as const);
const answered = (answer: string) => [answer.replaceAll('$', 't_acme'), answer.replaceAll('$', 't_globex')];
const tenancy = () =>
  TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] });

type Ask = (at: string, name: string) => Promise<unknown>;

/** The same claims wherever the chains stand. */
function claims(ask: Ask) {
  it.each(cases)('(%s) runs all that is behind the handler as its own tenant', async (chain, i, answer) => {
    expect(await Promise.all([ask('acme.', `own${i}`), ask('globex.', `own${i}`)])).toEqual(answered(answer));
    if (chain.includes('audit')) expect(new Set(audited)).toEqual(new Set(['t_acme', 't_globex']));
  });

  it.each(cases)("(%s) runs an untenanted one as nobody beside a tenant's", async (_, i, answer) => {
    const [nobodys, own] = await Promise.all([ask('globex.', `untenanted${i}`), ask('acme.', `own${i}`)]);
    expect([nobodys, own]).toEqual([answer.replaceAll('$', 'none'), answer.replaceAll('$', 't_acme')]);
    expect(await Promise.all([ask('', `untenanted${i}`), ask('acme.', `untenanted${i}`)])).toEqual(
      Array.from({ length: 2 }, () => answer.replaceAll('$', 'none')),
    );
  });
}

describe.each(adapters)("on %s, interceptors of which one goes on from a shared connection's callback", (adapter) => {
  let server: Server;
  beforeAll(async () => {
    const controller = handlers((name) => Get(name));
    Controller()(controller);
    server = await serve(adapter, { imports: [tenancy()], controllers: [controller] });
  });
  afterAll(() => server.close());

  claims(async (at, name) => (await call(server, `${at}localhost`, `/${name}`)).text);
});

const drivers: readonly [string, AdapterName, () => ReturnType<typeof GraphQLModule.forRoot>][] = [
  [
    'Apollo',
    'express',
    () => GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true, graphiql: false }),
  ],
  [
    'Mercurius',
    'fastify',
    () => GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true }),
  ],
];

describe.each(drivers)('in GraphQL with %s, interceptors of which one loses the context', (_, adapter, graphql) => {
  let server: Server;
  beforeAll(async () => {
    const resolver = handlers(() => Query(() => String));
    Resolver()(resolver);
    server = await serve(adapter, { imports: [graphql(), tenancy()], providers: [resolver] });
  });
  afterAll(() => server.close());

  claims(async (at, name) => {
    const { body } = await call(server, `${at}localhost`, '/graphql', { body: { query: `{ ${name} }` } });
    return (body['data'] as Record<string, unknown> | null)?.[name] ?? body['errors'];
  });
});

/** A transport of one's own, that enters the tenant of each message. */
class Transport extends MessageServer {
  override readonly transportId = Symbol('test');
  listen(started: () => void) {
    started();
  }
  close() {}
  on() {}
  unwrap(): never {
    throw new Error('nothing within');
  }
  ask(at: string, name: string): Promise<unknown> {
    const answer = async () => {
      const result: unknown = await this.getHandlerByPattern(name)?.({} as never, {} as never);
      return lastValueFrom(from(result as Observable<unknown>), { defaultValue: undefined });
    };
    const tenant = { 'acme.': acme, 'globex.': globex }[at];
    return tenant ? context.run(tenant, answer) : answer();
  }
}

describe('on a microservice, interceptors of which one loses the context', () => {
  const transport = new Transport();
  let close: () => Promise<void>;
  beforeAll(async () => {
    const controller = handlers((name) => MessagePattern(name));
    Controller()(controller);
    const module = await Test.createTestingModule({ imports: [tenancy()], controllers: [controller] }).compile();
    const service = module.createNestMicroservice({ strategy: transport, logger: false });
    await service.listen();
    close = () => service.close();
  });
  afterAll(() => close());

  claims((at, name) => transport.ask(at, name));
});

class Audit implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(note('audit'));
  }
}
class Flags implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return new Observable((subscriber) => connection.ask(() => next.handle().subscribe(subscriber)));
  }
}
@Injectable({ scope: Scope.REQUEST })
class RequestAudit extends Audit {}
@Injectable({ scope: Scope.TRANSIENT })
class TransientFlags extends Flags {}
/** Of a class that is held already, and overrides what that does. */
@Injectable()
class LaterAudit extends RequestAudit {
  override intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(
      switchMap((value) => connection.answer(value)),
      note('audit'),
    );
  }
}

@Controller()
class ProvidedController {
  @Get('static')
  @UseInterceptors(Audit, Flags)
  static() {
    return `handler:${seen()}`;
  }

  @Get('scoped')
  @UseInterceptors(RequestAudit, TransientFlags)
  scoped() {
    return `handler:${seen()}`;
  }

  @Get('overriding')
  @UseInterceptors(RequestAudit, LaterAudit)
  overriding() {
    return `handler:${seen()}`;
  }

  @Get('observable')
  @UseInterceptors(Audit)
  observable() {
    return connection.answer('handler').pipe(map((value) => `${value}:${seen()}`));
  }
}

/** Enters another tenant around the handler, as support does. */
@Injectable()
class SupportInterceptor implements NestInterceptor {
  constructor(@Inject(TenantAdmin) private readonly admin: TenantAdmin) {}
  intercept(_: ExecutionContext, next: CallHandler) {
    const asGlobex = () => this.admin.runAs('t_globex', { reason: 'a ticket' }, () => lastValueFrom(next.handle()));
    return defer(asGlobex).pipe(note('support'));
  }
}

/** Enters a tenant of its own, and returns what reads it later. */
class EnteringInterceptor implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return context.run(globex, () => next.handle().pipe(note('inside'))).pipe(note('behind'));
  }
}

@Controller()
class EnteringController {
  @Get('support')
  @UseInterceptors(Audit, SupportInterceptor)
  support() {
    return of('handler').pipe(map((value) => `${value}:${seen()}`));
  }

  @Untenanted()
  @Get('entered')
  @UseInterceptors(Audit, EnteringInterceptor)
  entered() {
    return of('handler').pipe(map((value) => `${value}:${seen()}`));
  }
}

describe.each(adapters)('on %s', (adapter) => {
  const both = async (server: Server, path: string) => {
    const answers = await Promise.all(['acme', 'globex'].map((at) => call(server, `${at}.localhost`, path)));
    await server.close();
    return answers.map(({ text }) => text);
  };

  it.each([
    ['static', 'handler:$ audit:$'],
    ['scoped', 'handler:$ audit:$'],
    ['overriding', 'handler:$ audit:$ audit:$'],
    ['observable', 'handler:$ audit:$'],
  ])('interceptors that are provided (%s) are held', async (path, answer) => {
    const server = await serve(adapter, { imports: [tenancy()], controllers: [ProvidedController] });
    expect(await both(server, `/${path}`)).toEqual(answered(answer));
  });

  it('interceptors of the whole application are held', async () => {
    const server = await serve(
      adapter,
      {
        imports: [tenancy()],
        controllers: [ProvidedController],
        providers: [{ provide: APP_INTERCEPTOR, useClass: Audit }],
      },
      (app) => void app.useGlobalInterceptors(new Audit(), new Flags()),
    );
    expect(await both(server, '/observable')).toEqual(answered('handler:$ audit:$ audit:$ audit:$'));
  });

  it('what an interceptor enters is left alone, and what is behind it is of the request again', async () => {
    const start = () => serve(adapter, { imports: [tenancy()], controllers: [EnteringController] });
    expect(await both(await start(), '/support')).toEqual([
      'handler:t_globex support:t_acme audit:t_acme',
      'handler:t_globex support:t_globex audit:t_globex',
    ]);
    expect(await both(await start(), '/entered')).toEqual(
      Array.from({ length: 2 }, () => 'handler:t_globex inside:t_globex behind:none audit:none'),
    );
  });

  it('one instance may serve an application without tenants, too', async () => {
    const audit = new Audit();
    @Controller()
    class SharingController {
      @Get('shared')
      @UseInterceptors(audit)
      shared() {
        return `handler:${seen()}`;
      }
    }
    const server = await serve(adapter, { imports: [tenancy()], controllers: [SharingController] });
    const without = await serve(adapter, { controllers: [SharingController] });
    expect(await both(without, '/shared')).toEqual(['handler:none audit:none', 'handler:none audit:none']);
    expect(await both(server, '/shared')).toEqual(answered('handler:$ audit:$'));
  });
});
