import type { ServerResponse } from 'node:http';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import {
  Controller,
  Get,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Query,
  Req,
} from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import session from 'express-session';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  admitRequest,
  fromJwt,
  fromSession,
  fromSubdomain,
  resumeRequest,
  TenancyModule,
  TenantContext,
  Untenanted,
  verifiedPayload,
} from '../src/index.js';
import { call, SECRET, type Server, serve, testRegistry } from './server.js';

const context = new TenantContext();
const pause = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 3));

interface FastifysRequest {
  readonly raw: { session?: { tenantId?: string } };
  session?: { tenantId?: string };
}

@Controller()
class SessionController {
  @Untenanted()
  @Get('sign-in')
  signIn(@Req() request: FastifysRequest, @Query('id') id: string) {
    const kept = request.session ?? request.raw.session;
    if (kept) kept.tenantId = id;
    return {};
  }

  @Get('handler')
  async handler() {
    await pause();
    return { id: context.tenantId };
  }

  @Get('payload')
  payload(@Req() request: object) {
    return verifiedPayload(request, 'cookie') ?? {};
  }
}

const answer = async () => {
  await pause();
  return { id: context.tenantId };
};
const sent = (response: ServerResponse) => async () => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(await answer()));
};
const refused = (response: ServerResponse) => (error: { getStatus(): number; code: string }) => {
  response.statusCode = error.getStatus();
  response.end(error.code);
};
/** A raw handler, as middleware of the application's own is given Node's request. */
const exported = (request: { url?: string; originalUrl?: string }, response: ServerResponse) =>
  admitRequest(request, sent(response)).catch(refused(response));

@Module({})
class ExportModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(exported).forRoutes('middleware');
  }
}

/** Express's, as `consumer.apply` and `app.use` run it on Fastify: it puts the session on Node's request. */
@Module({})
class ExpressSessionModule implements NestModule {
  configure(consumer: MiddlewareConsumer) {
    consumer.apply(session({ secret: SECRET, resave: false, saveUninitialized: false })).forRoutes('*path');
  }
}

const plugins = (app: INestApplication, { keepsSession }: { keepsSession: boolean }) => {
  const { register } = app as NestFastifyApplication;
  void register.call(app, fastifyCookie as never);
  if (keepsSession)
    void register.call(app, fastifySession as never, { secret: SECRET, cookie: { secure: false } } as never);
};

const ofRequest = (request: FastifysRequest) => request.session?.tenantId;
const ofNode = (request: FastifysRequest) => request.raw.session?.tenantId;

describe.each([
  ["Fastify's own plugin", true, ofRequest],
  ["Express's middleware", false, ofRequest],
  ["Express's middleware, and read from Node's request", false, ofNode],
] as const)('on Fastify, a session that is kept by %s', (_, keepsSession, tenantId) => {
  const jwt = new JwtService({ secret: SECRET });
  let server: Server;

  beforeAll(async () => {
    const imports = [
      ...(keepsSession ? [] : [ExpressSessionModule]),
      ExportModule,
      TenancyModule.forRoot({
        registry: testRegistry(),
        sources: [
          fromSubdomain({ baseDomain: 'localhost' }),
          fromSession<FastifysRequest>({ tenantId }),
          fromJwt({
            name: 'cookie',
            secret: SECRET,
            after: 'middleware',
            extract: async (request) => {
              await pause();
              return (request as { cookies?: { token?: string } }).cookies?.token;
            },
          }),
        ],
      }),
    ];
    server = await serve('fastify', { imports, controllers: [SessionController] }, (app) => {
      plugins(app, { keepsSession });
      if (keepsSession) app.use('/use', exported);
      const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
      fastify.after(() => {
        fastify.get('/raw', (request) => admitRequest(request, answer));
        fastify.get('/raw-of-node', (request) => admitRequest(request.raw, answer));
        fastify.get('/resumed', (request) => resumeRequest(request.raw, answer));
      });
    });
  });
  afterAll(() => server.close());

  const signIn = async (id: string) => {
    const { headers } = await call(server, 'localhost', `/sign-in?id=${id}`);
    return (headers['set-cookie']?.[0] ?? '').split(';')[0] as string;
  };
  const token = async (tenantId: string) => `token=${await jwt.signAsync({ tenantId })}`;
  const ask = async (host: string, path: string, cookie?: string) => {
    const { status, body, text } = await call(server, host, path, cookie ? { headers: { cookie } } : {});
    return status === 200 ? body['id'] : String(body['message'] ?? text).split(':')[0];
  };

  // What Nest mounts before Express's session sees no session there, as on Express itself.
  const paths = ['/handler', '/middleware', ...(keepsSession ? ['/use'] : []), '/raw', '/raw-of-node'];

  it.each(paths)("is refused on another tenant's host at %s, and good on its own", async (path) => {
    const [own, other] = [await signIn('t_acme'), await signIn('t_globex')];
    expect(await ask('acme.localhost', path, own)).toBe('t_acme');
    expect(await ask('acme.localhost', path, other)).toBe('tenant_mismatch');
    expect(await ask('localhost', path, other)).toBe('t_globex');
    expect(await ask('localhost', path)).toBe('tenant_required');
    expect(await ask('acme.localhost', path)).toBe('t_acme');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_unused, i) => ask('localhost', path, i % 2 ? own : other)),
    );
    expect(answers).toEqual(answers.map((_unused, i) => (i % 2 ? 't_acme' : 't_globex')));
  });

  it.each(paths)('so is a token in a cookie at %s', async (path) => {
    expect(await ask('acme.localhost', path, await token('t_acme'))).toBe('t_acme');
    expect(await ask('acme.localhost', path, await token('t_globex'))).toBe('tenant_mismatch');
    expect(await ask('localhost', path, await token('t_globex'))).toBe('t_globex');
  });

  it('what a token says is kept for whoever asks for it', async () => {
    const { body } = await call(server, 'acme.localhost', '/payload', { headers: { cookie: await token('t_acme') } });
    expect(body).toMatchObject({ tenantId: 't_acme' });
  });

  it("Node's request is resumed as Fastify's is", async () => {
    expect(await ask('acme.localhost', '/resumed')).toBe('t_acme');
  });
});
