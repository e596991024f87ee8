import type { CallHandler, CanActivate, ExecutionContext, INestApplication, NestInterceptor } from '@nestjs/common';
import { UseGuards, UseInterceptors } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { resumeRequest } from '@tenancy/core';
import pg from 'pg';
import { Observable } from 'rxjs';
import type { AdapterName } from '../application.js';
import {
  type Built,
  context,
  overHttp,
  type Row,
  type Seen,
  type Start,
  type Subject,
  seen,
  type Verdict,
} from '../row.js';
import { urlOf } from '../services.js';
import { handle } from './handle.js';

type Extra = Pick<Row, 'fix'> & Partial<Pick<Row, 'adapters'>>;
type Next = () => void;
/** Goes on from a callback of a connection that everybody shares. */
type GoOn = (next: Next) => unknown;

/** The pool is opened when the application starts, its one connection in the request that first needs it. */
function shared(): { goOn: GoOn; open(start: Start): void } {
  let pool: pg.Pool;
  return {
    goOn: (next) => pool.query('select 1', () => next()),
    open: ({ later }) => {
      pool = new pg.Pool({ connectionString: urlOf('PostgreSQL'), max: 1 });
      later(() => pool.end());
    },
  };
}

/** Losses that the guard finds out are refused loudly. */
const asked: Built['ask'] = async (client) => {
  const { status, text, body } = await client.send('/row');
  return status === 500 && text.includes('tenant_context_missing') ? 'none' : (body['seen'] as Seen);
};

const row = (
  what: string,
  verdict: Verdict,
  mount: (app: INestApplication, goOn: GoOn, adapter: AdapterName) => unknown,
  decorators: (goOn: GoOn) => MethodDecorator[],
  extra: Extra = {},
): Row =>
  overHttp(
    what,
    verdict,
    (adapter) => {
      const { goOn, open } = shared();
      return {
        metadata: { controllers: [handle(() => ({ seen: seen() }), ...decorators(goOn))] },
        prepare: (app, start) => {
          open(start);
          return mount(app, goOn, adapter);
        },
        ask: asked,
      };
    },
    extra,
  );

type Raw = { setHeader(name: string, value: string): void; end(text: string): void };

/** Answers by itself, without Nest's guards. */
const raw = (response: Raw) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ seen: seen() }));
};

const BOUND = 'a middleware that goes on from a bound callback: the handler';
const BOUND_HOOK = 'a hook of Fastify that goes on from a bound callback';
const RESUMED = 'a raw handler behind such a middleware, called by `resumeRequest`';

const hook = (app: INestApplication, add: (done: Next) => unknown) =>
  (app as NestFastifyApplication)
    .getHttpAdapter()
    .getInstance()
    .addHook('preHandler', (_request, _reply, done) => void add(() => done()));

export const lost: Subject = {
  about: 'What goes on from a callback of a shared connection',
  note: 'The callback of a plain `pg` pool stands for all of them. What is “nobody” here is refused with `500 tenant_context_missing`.',
  rows: [
    row(
      'a middleware that goes on from such a callback: the handler',
      'none',
      (app, goOn) => app.use((_: unknown, __: unknown, next: Next) => goOn(next)),
      () => [],
      { fix: BOUND },
    ),
    row(
      'a middleware that goes on from such a callback: a raw handler behind it',
      "another's",
      (app, goOn) => {
        app.use((_: unknown, __: unknown, next: Next) => goOn(next));
        app.use('/row', (_: unknown, response: Raw) => raw(response));
      },
      () => [],
      { fix: RESUMED },
    ),
    row(
      RESUMED,
      'right',
      (app, goOn) => {
        app.use((_: unknown, __: unknown, next: Next) => goOn(next));
        app.use('/row', (request: object, response: Raw) => resumeRequest(request, () => raw(response)));
      },
      () => [],
    ),
    row(
      BOUND,
      'right',
      (app, goOn) => app.use((_: unknown, __: unknown, next: Next) => goOn(context.bind(next))),
      () => [],
    ),
    row(
      'a hook of Fastify that goes on from such a callback',
      'none',
      (app, goOn) => hook(app, goOn),
      () => [],
      { adapters: ['fastify'], fix: BOUND_HOOK },
    ),
    row(
      BOUND_HOOK,
      'right',
      (app, goOn) => hook(app, (done) => goOn(context.bind(done))),
      () => [],
      { adapters: ['fastify'] },
    ),
    row(
      'an interceptor that calls `next.handle()` from such a callback',
      'right',
      () => {},
      (goOn) => {
        class Interceptor implements NestInterceptor {
          intercept(_: ExecutionContext, next: CallHandler) {
            return new Observable((subscriber) => void goOn(() => next.handle().subscribe(subscriber)));
          }
        }
        return [UseInterceptors(new Interceptor())];
      },
    ),
    row(
      'a guard that awaits what such a callback resolves',
      'right',
      () => {},
      (goOn) => {
        class Guard implements CanActivate {
          canActivate() {
            return new Promise<boolean>((resolve) => goOn(() => resolve(true)));
          }
        }
        return [UseGuards(new Guard())];
      },
    ),
  ],
};
