import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { type INestApplication, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TenantResolverMiddleware } from '@tenancy/core';
import { RedisStore } from 'connect-redis';
import cookieSession from 'cookie-session';
import type { NextFunction, Response } from 'express';
import session from 'express-session';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';
import { type Built, overHttp, type Row, type Seen, type Start, type Subject, seen, type Verdict } from '../row.js';
import { urlOf } from '../services.js';
import { type Exchange, handle } from './handle.js';

type Extra = Pick<Row, 'fix' | 'needs'>;
interface Session {
  tenant?: Seen;
}

const SECRET = 'a secret that only this census knows';
const options = { secret: SECRET, resave: false, saveUninitialized: true, cookie: { secure: false } };

/** As whom the handler runs, if each of its sessions is this tenant's own since the first visit. */
function visited(...sessions: readonly unknown[]): { seen: Seen | 'another session' } {
  const found = seen();
  const own = sessions.every((each) => ((each as Session).tenant ??= found) === found);
  return { seen: own ? found : 'another session' };
}

/** A tenant that is lost on the way: the guard finds it out, and the request is nobody's. */
const visit: Built['ask'] = async (client) => {
  const { status, body } = await client.send('/row');
  return status === 500 && body['message'] === 'tenant_context_missing' ? 'none' : (body['seen'] as Seen);
};

const onExpress = (
  what: string,
  verdict: Verdict,
  mount: (app: INestApplication, start: Start) => unknown,
  {
    imports = [],
    handler = ({ adapted }) => visited(adapted.request['session']),
    ...extra
  }: Extra & {
    imports?: (typeof PutRight)[];
    handler?: (exchange: Exchange) => unknown;
  } = {},
): Row =>
  overHttp(
    what,
    verdict,
    () => ({ metadata: { imports, controllers: [handle(handler)] }, prepare: mount, ask: visit }),
    { adapters: ['express'], ...extra },
  );

const onFastify = (
  what: string,
  store: (start: Start) => fastifySession.SessionStore | undefined,
  extra: Extra = {},
): Row =>
  overHttp(
    what,
    'right',
    () => ({
      metadata: { controllers: [handle(({ adapted }) => visited(adapted.request['session']))] },
      prepare: async (app, start) => {
        const found = store(start);
        const fastify = app as NestFastifyApplication;
        await fastify.register(fastifyCookie as never);
        await fastify.register(fastifySession as never, {
          secret: SECRET,
          cookie: { secure: false },
          ...(found && { store: found }),
        });
      },
      ask: visit,
    }),
    { adapters: ['fastify'], ...extra },
  );

/** A store on one connection, with callbacks, whose `get` and `set` are all that a session needs. */
class CallbackStore extends session.Store {
  constructor(
    private readonly read: (sid: string, done: (text: string | null | undefined) => void) => unknown,
    private readonly write: (sid: string, text: string, done: () => void) => unknown,
  ) {
    super();
  }

  override get(sid: string, done: (error: unknown, session?: session.SessionData | null) => void): void {
    this.read(sid, (text) => done(null, text ? JSON.parse(text) : null));
  }

  override set(sid: string, data: session.SessionData, done: (error?: unknown) => void = () => {}): void {
    this.write(sid, JSON.stringify(data), () => done());
  }

  override destroy(_sid: string, done: (error?: unknown) => void = () => {}): void {
    done();
  }
}

function onIoredis({ later }: Start): CallbackStore {
  const redis = new Redis(urlOf('Redis'), { maxRetriesPerRequest: 1 });
  later(() => redis.disconnect());
  const key = (sid: string) => `census:${sid}`;
  return new CallbackStore(
    (sid, done) => redis.get(key(sid), (_, text) => done(text)),
    (sid, text, done) => redis.set(key(sid), text, 'EX', 60, () => done()),
  );
}

/** `pg` calls back as whoever connected. */
function onPg({ later }: Start): CallbackStore {
  const pool = new pg.Pool({ connectionString: urlOf('PostgreSQL'), max: 1 });
  later(() => pool.end());
  const kept = new Map<string, string>();
  return new CallbackStore(
    (sid, done) => pool.query('select 1', () => done(kept.get(sid))),
    (sid, text, done) => {
      kept.set(sid, text);
      pool.query('select 1', () => done());
    },
  );
}

@Module({})
class PutRight implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(TenantResolverMiddleware).forRoutes('*path');
  }
}

const PUT_RIGHT = 'a session store on plain `pg` callbacks, with `TenantResolverMiddleware` behind it';

export const sessions: Subject = {
  about: 'Sessions',
  note: 'Each row also holds that a session is the one of the tenant that began it.',
  rows: [
    onExpress('`express-session`, in memory', 'right', (app) => app.use(session(options))),
    onExpress(
      '`express-session` with `connect-redis`',
      'right',
      async (app, { later }) => {
        const client = createClient({ url: urlOf('Redis') });
        await client.connect();
        later(() => client.destroy());
        app.use(session({ ...options, store: new RedisStore({ client, prefix: 'census:', ttl: 60 }) }));
      },
      { needs: 'Redis' },
    ),
    onExpress(
      '`express-session` with a store on ioredis callbacks',
      'right',
      (app, start) => app.use(session({ ...options, store: onIoredis(start) })),
      { needs: 'Redis' },
    ),
    onExpress(
      'a session store on plain `pg` callbacks',
      'none',
      (app, start) => app.use(session({ ...options, store: onPg(start) })),
      { fix: PUT_RIGHT },
    ),
    onExpress(PUT_RIGHT, 'right', (app, start) => app.use(session({ ...options, store: onPg(start) })), {
      imports: [PutRight],
    }),
    onExpress('`cookie-session`', 'right', (app) => app.use(cookieSession({ secret: SECRET }))),
    onExpress(
      'two sessions: `cookie-session` beside `express-session`',
      'right',
      (app) => {
        app.use(cookieSession({ name: 'visitor', secret: SECRET }));
        app.use((request: Partial<Record<'visitor' | 'session', unknown>>, _: Response, next: NextFunction) => {
          request.visitor = request.session;
          delete request.session;
          next();
        });
        app.use(session(options));
      },
      { handler: ({ adapted: { request } }) => visited(request['session'], request['visitor']) },
    ),
    onFastify('`@fastify/session`, in memory', () => undefined),
    onFastify('`@fastify/session` with a store on ioredis callbacks', (start) => onIoredis(start) as never, {
      needs: 'Redis',
    }),
  ],
};
