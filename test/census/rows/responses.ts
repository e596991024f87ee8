import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import fastifyCompress from '@fastify/compress';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
  Query,
  Sse,
  StreamableFile,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import compression from 'compression';
import { finalize, interval, map, merge, NEVER, type Observable, Subject as Rx, take, tap } from 'rxjs';
import type { AdapterName } from '../application.js';
import {
  type Built,
  context,
  overHttp,
  type Row,
  type Seen,
  type Subject,
  seen,
  type Verdict,
  Waiting,
} from '../row.js';
import { exchange, handle } from './handle.js';

type Extra = Pick<Row, 'fix'> & Partial<Pick<Row, 'adapters'>>;

/** The answer says it, as JSON or as text alone. */
const told: Built['ask'] = async (client) => {
  const { body, text } = await client.send('/row');
  return (body['seen'] as Seen | undefined) ?? text.trim();
};

const controller = (what: string, verdict: Verdict, make: () => Type, extra: Extra = {}): Row =>
  overHttp(what, verdict, () => ({ metadata: { controllers: [make()] }, ask: told }), extra);

/** Listeners that answer nothing themselves: each request sends a number along. */
const noted = (
  what: string,
  verdict: Verdict,
  make: (answer: (id: number) => void) => Type,
  { prepare, ...extra }: Extra & { prepare?: (app: INestApplication, adapter: AdapterName) => unknown } = {},
): Row =>
  overHttp(
    what,
    verdict,
    (adapter) => {
      const waiting = new Waiting();
      return {
        metadata: { controllers: [make((id) => waiting.answer(id))] },
        prepare: (app) => prepare?.(app, adapter),
        ask: (client) => waiting.ask((id) => client.send(`/row?id=${id}`, { headers: { 'accept-encoding': 'gzip' } })),
      };
    },
    extra,
  );

const idOf = (host: ArgumentsHost): number =>
  exchange(host.switchToHttp().getRequest(), host.switchToHttp().getResponse()).id;

async function* words(): AsyncGenerator<string> {
  await sleep(1);
  yield seen();
}

const compressing = (app: INestApplication, adapter: AdapterName) =>
  adapter === 'express'
    ? app.use(compression({ threshold: 0 }))
    : (app as NestFastifyApplication).register(fastifyCompress as never, { threshold: 0 });

const telling = () => new Transform({ transform: (_, __, done) => done(null, seen()) });

const SHARED = 'SSE from a Subject that everybody shares';
const SHARED_WITHIN = 'SSE from a Subject that everybody shares, within `merge`, `mergeMap`, `defer` and their like';

/** A stream of events that any request can set off. */
function shared(listen: (news: Rx<void>) => Observable<{ data: Seen }>): Type {
  const news = new Rx<void>();
  @Controller('row')
  class RowController {
    @Sse()
    listen(): Observable<{ data: Seen }> {
      setTimeout(() => news.next(), 30);
      return listen(news).pipe(take(1));
    }
  }
  return RowController;
}

const newsAs = () => ({ data: seen() });

const sse = (what: string, verdict: Verdict, make: () => Type, extra: Extra = {}): Row =>
  overHttp(
    what,
    verdict,
    () => ({
      metadata: { controllers: [make()] },
      ask: async (client) => /^data: (.+)$/m.exec((await client.send('/row')).text)?.[1],
    }),
    extra,
  );

export const responses: Subject = {
  about: 'Handlers and their answers',
  rows: [
    controller('a pipe', 'right', () => {
      class Pipe implements PipeTransform {
        transform = async () => seen();
      }
      @Controller('row')
      class RowController {
        @Get()
        get(@Query('none', new Pipe()) found: Seen) {
          return { seen: found };
        }
      }
      return RowController;
    }),
    noted("a guard of the application's own", 'right', (answer) => {
      class Guard implements CanActivate {
        canActivate(host: ExecutionContext) {
          answer(idOf(host));
          return true;
        }
      }
      return handle(() => 'ok', UseGuards(new Guard()));
    }),
    noted('an interceptor: before, `tap` and `finalize`', 'right', (answer) => {
      class Interceptor implements NestInterceptor {
        intercept(host: ExecutionContext, next: CallHandler) {
          const before = seen();
          return next.handle().pipe(
            tap(() => seen() === before || answer(-1)),
            finalize(() => seen() === before && answer(idOf(host))),
          );
        }
      }
      return handle(async () => sleep(1, 'ok'), UseInterceptors(new Interceptor()));
    }),
    controller('an exception filter', 'right', () => {
      @Catch()
      class Filter implements ExceptionFilter {
        catch(_: Error, host: ArgumentsHost) {
          const { response } = exchange(host.switchToHttp().getRequest(), host.switchToHttp().getResponse());
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify({ seen: seen() }));
        }
      }
      return handle(async () => {
        await sleep(1);
        throw new Error('as expected');
      }, UseFilters(new Filter()));
    }),
    controller('a handler that returns an Observable of its own', 'right', () =>
      handle(() =>
        interval(1).pipe(
          take(1),
          map(() => ({ seen: seen() })),
        ),
      ),
    ),
    controller('a StreamableFile over an async generator', 'right', () =>
      handle(() => new StreamableFile(Readable.from(words(), { objectMode: false }))),
    ),
    controller('`pipeline` of streams', 'right', () =>
      handle(() => {
        const through = new PassThrough();
        void pipeline(Readable.from(words()), telling(), through);
        return new StreamableFile(through);
      }),
    ),
    sse("SSE from an Observable of the request's own", 'right', () => {
      @Controller('row')
      class RowController {
        @Sse()
        listen() {
          return interval(1).pipe(
            map(() => ({ data: seen() })),
            take(1),
          );
        }
      }
      return RowController;
    }),
    sse(SHARED, 'right', () => shared((news) => news.pipe(map(newsAs)))),
    sse(SHARED_WITHIN, "another's", () => shared((news) => merge(news.pipe(map(newsAs)), NEVER)), {
      fix: `${SHARED_WITHIN}: a bound function`,
    }),
    sse(`${SHARED_WITHIN}: a bound function`, 'right', () =>
      shared((news) => merge(news.pipe(map(context.bind(newsAs))), NEVER)),
    ),
    noted(
      '`compression` and `@fastify/compress`: a streamed answer',
      'right',
      (answer) => {
        return handle(
          ({ id }) =>
            new StreamableFile(
              Readable.from(
                (async function* () {
                  yield 'a text that can be compressed '.repeat(50);
                  await sleep(1);
                  answer(id);
                  yield 'its end';
                })(),
                { objectMode: false },
              ),
            ),
        );
      },
      { prepare: compressing },
    ),
    noted(
      '`compression` and `@fastify/compress`: `finish` of the response',
      'right',
      (answer) =>
        handle(({ response, id }) => {
          response.on('finish', () => answer(id));
          return 'a text that can be compressed '.repeat(50);
        }),
      { prepare: compressing },
    ),
    noted('`finish` of a response', 'right', (answer) =>
      handle(({ response, id }) => {
        response.on('finish', () => answer(id));
        return 'ok';
      }),
    ),
    noted('`close` of a response that was sent whole', 'right', (answer) =>
      handle(({ response, id }) => {
        response.on('close', () => answer(id));
        return 'ok';
      }),
    ),
  ],
};
