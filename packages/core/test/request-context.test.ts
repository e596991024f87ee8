import { EventEmitter, on } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  type ArgumentsHost,
  Body,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  Param,
  type PipeTransform,
  Post,
  Query,
  Sse,
  StreamableFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { interval, map, Observable, take, tap } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromSubdomain, TenancyModule, TenantContext } from '../src/index.js';
import { acme, adapters, call, globex, type Server, sendInPieces, sendRaw, serve, testRegistry } from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');
const trail = Symbol('trail');
type Trailed = { [trail]?: string[] };
const request = (host: ArgumentsHost) => host.switchToHttp().getRequest<Trailed & { raw?: Trailed }>();
// Fastify runs middleware on Node's request, and everything else on its own.
const note = (at: Trailed & { raw?: Trailed }, where: string) => {
  const target = at.raw ?? at;
  (target[trail] ??= []).push(`${where} ${seen()}`);
  return target[trail];
};

@Injectable()
class NotingMiddleware implements NestMiddleware<Trailed, unknown> {
  use(incoming: Trailed, _: unknown, next: () => void) {
    note(incoming, 'middleware');
    next();
  }
}

class NotingGuard implements CanActivate {
  async canActivate(host: ExecutionContext) {
    await sleep(Math.random() * 3);
    note(request(host), 'guard');
    return true;
  }
}

class NotingInterceptor implements NestInterceptor {
  intercept(host: ExecutionContext, next: CallHandler) {
    note(request(host), 'interceptor');
    return next.handle().pipe(
      tap(() => note(request(host), 'interceptor after')),
      map((value: unknown) => ({ value, trail: (request(host).raw ?? request(host))[trail] })),
    );
  }
}

class NotingPipe implements PipeTransform {
  async transform(value: unknown) {
    await sleep(Math.random() * 3);
    return `${value} pipe ${seen()}`;
  }
}

class Oops extends Error {}

@Catch(Oops)
class NotingFilter implements ExceptionFilter {
  async catch(_: Oops, host: ArgumentsHost) {
    await sleep(1);
    const { httpAdapter } = NotingFilter;
    httpAdapter?.reply(host.switchToHttp().getResponse(), { filter: seen() }, 418);
  }
  static httpAdapter: HttpAdapterHost['httpAdapter'] | undefined;
}

async function* rows(count: number) {
  for (let i = 0; i < count; i += 1) {
    await sleep(Math.random() * 3);
    yield `${seen()}\n`;
  }
}

const echo =
  "require('node:worker_threads').parentPort.on('message', (m) => require('node:worker_threads').parentPort.postMessage(m))";
const sharedEmitter = new EventEmitter();
const background: Promise<string>[] = [];

@Controller()
class ContextController {
  @Get('layers/:id')
  @UseGuards(NotingGuard)
  @UseInterceptors(NotingInterceptor)
  async layers(@Param('id', NotingPipe) piped: string) {
    await sleep(Math.random() * 3);
    return [piped, `handler ${seen()}`];
  }

  @Post('body')
  @UseInterceptors(NotingInterceptor)
  body(@Body() body: { text: string }) {
    return [body.text.length, seen()];
  }

  @Get('filter')
  @UseFilters(NotingFilter)
  async filter() {
    await sleep(1);
    throw new Oops();
  }

  @Get('stream')
  stream() {
    return new StreamableFile(Readable.from(rows(20)));
  }

  @Get('piped')
  piped() {
    const out = new PassThrough();
    (async () => {
      for await (const row of rows(20)) out.write(row);
      out.end(seen());
    })();
    return new StreamableFile(out);
  }

  @Sse('sse')
  sse() {
    return interval(2).pipe(
      take(10),
      map(() => ({ data: seen() })),
    );
  }

  @Get('observable')
  observable() {
    return new Observable<string>((subscriber) => {
      const subscribed = seen();
      setTimeout(() => {
        subscriber.next(`${subscribed} ${seen()}`);
        subscriber.complete();
      }, 2);
    });
  }

  @Get('started')
  async started() {
    const emitter = new EventEmitter();
    const emitted = new Promise<string>((resolve) => emitter.once('ready', () => resolve(seen())));
    setTimeout(() => emitter.emit('ready'), 1);

    const iterated: string[] = [];
    const events = on(emitter, 'row');
    const consumer = (async () => {
      for await (const _ of events) if (iterated.push(seen()) === 3) break;
    })();
    for (let i = 0; i < 3; i += 1) setImmediate(() => emitter.emit('row'));
    await consumer;

    const worker = new Worker(echo, { eval: true });
    const answered = new Promise<string>((resolve) => worker.once('message', () => resolve(seen())));
    worker.postMessage('hello');

    const all = await Promise.all([
      new Promise<string>((resolve) => setImmediate(() => resolve(seen()))),
      new Promise<string>((resolve) => setTimeout(() => resolve(seen()), 2)),
      new Promise<string>((resolve) => process.nextTick(() => resolve(seen()))),
      new Promise<string>((resolve) => queueMicrotask(() => resolve(seen()))),
      emitted,
      answered,
    ]);
    await worker.terminate();
    return [...all, ...iterated];
  }

  @Get('bound')
  bound() {
    return new Promise((resolve) =>
      sharedEmitter.once(
        'tick',
        context.bind(() => resolve(seen())),
      ),
    );
  }

  @Get('after')
  after(@Query('ms') ms: string) {
    background.push(sleep(Number(ms)).then(seen));
    return 'gone on';
  }
}

@Module({
  controllers: [ContextController],
  imports: [TenancyModule.forRoot({ registry: testRegistry(), sources: [fromSubdomain({ baseDomain: 'localhost' })] })],
})
class ContextModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(NotingMiddleware).forRoutes('layers/*id', 'body');
  }
}

describe.each(adapters)('C4: on %s the context covers', (adapter) => {
  let server: Server;

  beforeAll(async () => {
    server = await serve(adapter, { imports: [ContextModule] });
    NotingFilter.httpAdapter = server.app.get(HttpAdapterHost).httpAdapter;
  });
  afterAll(() => server.close());

  /** Each check runs for both tenants at once, several times over, so that one could get in the other's way. */
  const both = async (check: (host: string, id: string) => Promise<void>) => {
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? acme : globex)).map(({ slug, id }) =>
        check(`${slug}.localhost`, id),
      ),
    );
  };

  it('middleware, guards, interceptors, pipes and the handler', () =>
    both(async (host, id) => {
      const { body } = await call(server, host, '/layers/7');
      expect(body).toEqual({
        value: [`7 pipe ${id}`, `handler ${id}`],
        trail: [`middleware ${id}`, `guard ${id}`, `interceptor ${id}`, `interceptor after ${id}`],
      });
    }));

  it.each([1, 90_000])('a handler behind a body of %d characters', (length) =>
    both(async (host, id) => {
      const { body } = await call(server, host, '/body', { body: { text: 'x'.repeat(length) } });
      expect(body).toMatchObject({
        value: [length, id],
        trail: [`middleware ${id}`, `interceptor ${id}`, `interceptor after ${id}`],
      });
    }),
  );

  it('a body that arrives in pieces, through a connection that others use too', async () => {
    const text = JSON.stringify({ text: 'x'.repeat(1_000) });
    const slow = async (slug: string) => {
      const half = Math.floor(text.length / 2);
      const head = `POST /body HTTP/1.1\nHost: ${slug}.localhost\nContent-Type: application/json\nContent-Length: ${text.length}\nConnection: close\n\n`;
      return sendInPieces(server, [head, text.slice(0, half), text.slice(half)]);
    };
    const answers = await Promise.all(['acme', 'globex', 'acme', 'globex'].map(slow));
    expect(answers.map((answer) => /"value":\[1000,"(\w+)"\]/.exec(answer)?.[1])).toEqual([
      't_acme',
      't_globex',
      't_acme',
      't_globex',
    ]);
  });

  it('bodies that arrive in pieces, one after the other on one connection that is kept alive', async () => {
    const text = JSON.stringify({ text: 'x'.repeat(1_000) });
    const pieces = ['acme', 'globex', 'acme'].flatMap((slug, i) => [
      `POST /body HTTP/1.1\nHost: ${slug}.localhost\nContent-Type: application/json\nContent-Length: ${text.length}\nConnection: ${i === 2 ? 'close' : 'keep-alive'}\n\n`,
      text.slice(0, 500),
      text.slice(500),
    ]);
    const answer = await sendInPieces(server, pieces);
    expect([...answer.matchAll(/"value":\[1000,"(\w+)"\]/g)].map(([, id]) => id)).toEqual([
      't_acme',
      't_globex',
      't_acme',
    ]);
  });

  it('exception filters', () =>
    both(async (host, id) => {
      const { status, body } = await call(server, host, '/filter');
      expect([status, body]).toEqual([418, { filter: id }]);
    }));

  it.each([
    ['stream', 20],
    ['piped', 20],
  ])('a streamed response (%s) to its last byte', (path, count) =>
    both(async (host, id) => {
      const { text } = await call(server, host, `/${path}`);
      const lines = text.trim().split('\n');
      expect(new Set(lines)).toEqual(new Set([id]));
      expect(lines.length).toBeGreaterThanOrEqual(count);
    }),
  );

  it('server-sent events', () =>
    both(async (host, id) => {
      const { text } = await call(server, host, '/sse');
      expect(text.match(/data: (\w+)/g)).toEqual(Array.from({ length: 10 }, () => `data: ${id}`));
    }));

  it('an observable, from its subscription on', () =>
    both(async (host, id) => {
      expect((await call(server, host, '/observable')).text).toBe(`${id} ${id}`);
    }));

  it("setImmediate, timers, ticks, an EventEmitter, a worker's answer, and an async iterator", () =>
    both(async (host, id) => {
      expect((await call(server, host, '/started')).body).toEqual(Array.from({ length: 9 }, () => id));
    }));

  it('C6: a bound listener of an emitter that everyone shares', async () => {
    const waiting = [call(server, 'acme.localhost', '/bound'), call(server, 'globex.localhost', '/bound')];
    while (sharedEmitter.listenerCount('tick') < 2) await sleep(1);
    sharedEmitter.emit('tick');
    expect((await Promise.all(waiting)).map(({ text }) => text)).toEqual(['t_acme', 't_globex']);
  });

  it('work that goes on after the response, and nothing else: the connection is as clean as it was', async () => {
    background.length = 0;
    const answer = await sendRaw(
      server,
      // Three requests in one packet, on one connection: acme's, one without a tenant, globex's.
      'GET /after?ms=20 HTTP/1.1\nHost: acme.localhost\n\n' +
        'GET /after?ms=1 HTTP/1.1\nHost: localhost\n\n' +
        'GET /after?ms=1 HTTP/1.1\nHost: globex.localhost\nConnection: close\n\n',
    );
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 401', 'HTTP/1.1 200']);
    expect(await Promise.all(background)).toEqual(['t_acme', 't_globex']);
    expect(context.isActive()).toBe(false);
  });
});
