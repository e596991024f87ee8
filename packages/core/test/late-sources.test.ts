import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import {
  Body,
  type CanActivate,
  Controller,
  Get,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type PipeTransform,
  Post,
  Query,
  Req,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import session from 'express-session';
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt';
import { Strategy as LocalStrategy } from 'passport-local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  admitRequest,
  fromRequest,
  fromSession,
  fromSubdomain,
  TenancyModule,
  TenantContext,
  type TenantSource,
  Untenanted,
} from '../src/index.js';
import {
  type AdapterName,
  acme,
  adapters,
  type Call,
  call,
  globex,
  SECRET,
  type Server,
  serve,
  testRegistry,
} from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');
const trail: string[] = [];

interface SignedIn {
  readonly session: { tenantId?: unknown; user?: string };
  readonly headers: Record<string, string | undefined>;
}

/** Notes what an application's own global guard sees, which Nest would run before ours. */
class NotingGuard implements CanActivate {
  canActivate() {
    trail.push(`guard ${seen()}`);
    return true;
  }
}

@Controller()
class SessionController {
  @Untenanted()
  @Post('sign-in')
  signIn(@Req() request: SignedIn, @Body() body: { tenantId: unknown }) {
    request.session.tenantId = body.tenantId;
    return { inside: seen() };
  }

  @Get('who')
  who() {
    return { id: context.tenantId };
  }

  @Untenanted()
  @Get('health')
  health() {
    return { inside: seen() };
  }
}

/** Middleware of a session for either adapter: where it stands is what the entrance cannot wait for. */
const withSession = (adapter: AdapterName) => (app: Parameters<NonNullable<Parameters<typeof serve>[2]>>[0]) => {
  if (adapter === 'express') {
    app.use(session({ secret: SECRET, resave: false, saveUninitialized: false }));
    return;
  }
  const { register } = app as NestFastifyApplication;
  void register.call(app, fastifyCookie as never);
  void register.call(app, fastifySession as never, { secret: SECRET, cookie: { secure: false } } as never);
};

const host = ({ slug }: { slug: string }) => `${slug}.localhost`;
const subdomain = fromSubdomain({ baseDomain: 'localhost' });

describe.each(adapters)('core-7: a session on %s', (adapter) => {
  let server: Server;

  beforeAll(async () => {
    server = await serve(
      adapter,
      {
        controllers: [SessionController],
        providers: [{ provide: APP_GUARD, useClass: NotingGuard }],
        imports: [
          TenancyModule.forRoot({
            registry: testRegistry(),
            sources: [subdomain, fromSession({ tenantId: (request) => request.session?.tenantId })],
          }),
        ],
      },
      withSession(adapter),
    );
  });
  afterAll(() => server.close());

  const signIn = async (tenantId: unknown, at = 'localhost') => {
    const reply = await call(server, at, '/sign-in', { body: { tenantId } });
    expect([reply.status, reply.body]).toEqual([201, { inside: 'none' }]);
    return { headers: { cookie: reply.headers['set-cookie']?.[0]?.split(';')[0] ?? '' } };
  };
  const who = async (at: string, options: Call = {}) => {
    const { status, body } = await call(server, at, '/who', options);
    return status === 200 ? body['id'] : [status, body['message']];
  };

  it("is refused on another tenant's host, and good on its own", async () => {
    const cookie = await signIn('t_acme', host(acme));
    expect(await who(host(acme), cookie)).toBe('t_acme');
    expect(await who(host(globex), cookie)).toEqual([401, 'tenant_mismatch']);
    expect(await who('nobody.localhost', cookie)).toEqual([401, 'tenant_mismatch']);
    expect(await who(host(globex))).toBe('t_globex');
  });

  it('X7: identifies where the host says nothing, before every other guard', async () => {
    trail.length = 0;
    expect(await who('localhost', await signIn('t_globex'))).toBe('t_globex');
    expect(trail).toEqual(['guard none', 'guard t_globex']);
    expect(await who('localhost')).toEqual([401, 'tenant_required']);
  });

  it("names nobody with what is not one tenant's id", async () => {
    for (const wrong of [7, ['t_acme'], ['t_acme', 't_globex'], { id: 't_acme' }, true, '', 'nobody', 't_acme\0']) {
      const cookie = await signIn(wrong);
      expect([wrong, await who('localhost', cookie)]).toEqual([wrong, [401, 'tenant_required']]);
      expect([wrong, await who(host(acme), cookie)]).toEqual([wrong, [401, 'tenant_mismatch']]);
    }
    const suspended = await signIn('t_closed');
    expect(await who('localhost', suspended)).toEqual([403, 'tenant_inactive']);
    expect(await who(host(acme), suspended)).toEqual([401, 'tenant_mismatch']);
  });

  it('leaves an untenanted route without a tenant, whatever host and session say', async () => {
    const cookie = await signIn('t_acme');
    for (const at of ['localhost', host(acme), host(globex)]) {
      expect((await call(server, at, '/health', cookie)).body).toEqual({ inside: 'none' });
    }
  });

  it("interleaved with another tenant's, each gets its own or is refused", async () => {
    const [ofAcme, ofGlobex] = [await signIn('t_acme'), await signIn('t_globex')];
    const asked = Array.from({ length: 60 }, (_, i) => ({
      at: [host(acme), host(globex), 'localhost'][i % 3] as string,
      id: i % 2 ? 't_acme' : 't_globex',
      options: i % 2 ? ofAcme : ofGlobex,
    }));
    const answers = await Promise.all(asked.map(({ at, options }) => who(at, options)));
    const expected = asked.map(({ at, id }) =>
      at === 'localhost' || id === `t_${at.split('.')[0]}` ? id : [401, 'tenant_mismatch'],
    );
    expect(answers).toEqual(expected);
  });
});

@Injectable()
class PasswordStrategy extends PassportStrategy(LocalStrategy) {
  validate(username: string, tenantId: string) {
    trail.push(`passport ${seen()}`);
    return { name: username, tenantId };
  }
}

@Injectable()
class TokenStrategy extends PassportStrategy(JwtStrategy) {
  constructor() {
    super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: SECRET });
  }
  async validate({ tenantId }: { tenantId: string }) {
    trail.push(`passport ${seen()}`);
    return { tenantId };
  }
}

/** A pipe sees the same as a handler would. */
class SeeingPipe implements PipeTransform {
  transform() {
    return seen();
  }
}

@Controller()
class PassportController {
  @Get('who')
  @UseGuards(AuthGuard('jwt'))
  who(@Query('pipe', SeeingPipe) pipe: string) {
    return { id: context.tenantId, pipe };
  }

  @Post('sign-in')
  @UseGuards(AuthGuard('local'))
  signIn() {
    return { id: context.tenantId };
  }

  @Get('unguarded')
  unguarded() {
    return 'ran';
  }

  @Untenanted()
  @Get('me')
  @UseGuards(AuthGuard('jwt'))
  me() {
    return { inside: seen() };
  }
}

describe.each(adapters)("core-7: what Passport's guards put on the request, on %s", (adapter) => {
  let server: Server;

  beforeAll(async () => {
    server = await serve(adapter, {
      controllers: [PassportController],
      providers: [PasswordStrategy, TokenStrategy],
      imports: [
        PassportModule,
        TenancyModule.forRoot({
          registry: testRegistry(),
          sources: [subdomain, fromRequest((request) => request.user?.tenantId, { after: 'guards' })],
        }),
      ],
    });
  });
  afterAll(() => server.close());

  const token = (tenantId: unknown) => new JwtService({ secret: SECRET }).sign({ tenantId });
  const who = async (at: string, options: Call = {}, path = '/who') => {
    const { status, body } = await call(server, at, path, options);
    return status < 300 ? (body['id'] ?? body) : [status, body['message']];
  };

  it('must agree with the host', async () => {
    expect(await who(host(acme), { token: token('t_acme') })).toBe('t_acme');
    expect(await who(host(globex), { token: token('t_acme') })).toEqual([401, 'tenant_mismatch']);
    expect(await who(host(acme), { body: { username: 'a', password: 't_acme' } }, '/sign-in')).toBe('t_acme');
    expect(await who(host(acme), { body: { username: 'a', password: 't_globex' } }, '/sign-in')).toEqual([
      401,
      'tenant_mismatch',
    ]);
  });

  it('identifies before pipes and the handler where the host says nothing; until then there is no tenant', async () => {
    trail.length = 0;
    const { body } = await call(server, 'localhost', '/who', { token: token('t_acme') });
    expect(body).toEqual({ id: 't_acme', pipe: 't_acme' });
    expect(trail).toEqual(['passport none']);
  });

  it('refuses a handler that no guard has signed in to, even when it asks for nothing', async () => {
    expect(await who('localhost', {}, '/unguarded')).toEqual([401, 'tenant_required']);
    expect(await who('localhost', {}, '/who')).toEqual([401, 'Unauthorized']);
    expect(await who('localhost', { token: token(7) })).toEqual([401, 'tenant_required']);
    expect(await who('localhost', { token: token(['t_acme']) })).toEqual([401, 'tenant_required']);
    expect((await call(server, host(acme), '/unguarded')).text).toBe('ran');
  });

  it('leaves an untenanted route without a tenant', async () => {
    expect(await who(host(acme), { token: token('t_globex') }, '/me')).toEqual({ inside: 'none' });
  });

  it("interleaved with another tenant's, each gets its own or is refused", async () => {
    const ids = ['t_acme', 't_globex'];
    const asked = Array.from({ length: 60 }, (_, i) => ({
      at: [host(acme), host(globex), 'localhost'][i % 3] as string,
      id: ids[i % 2] as string,
    }));
    const answers = await Promise.all(asked.map(({ at, id }) => who(at, { token: token(id) })));
    expect(answers).toEqual(
      asked.map(({ at, id }) => (at === 'localhost' || id === `t_${at.split('.')[0]}` ? id : [401, 'tenant_mismatch'])),
    );
  });
});

describe.each(adapters)("core-7: late sources of one's own on %s", (adapter) => {
  const serveWith = (...sources: TenantSource[]) =>
    serve(adapter, {
      controllers: [SessionController],
      imports: [WithUser, TenancyModule.forRoot({ registry: testRegistry(), sources })],
    });

  /** Puts what a header says on the request, as middleware that has verified it would. */
  @Module({})
  class WithUser implements NestModule {
    configure(consumer: MiddlewareConsumer) {
      const read = (
        request: { user?: unknown; raw?: unknown; headers: Record<string, string> },
        _: unknown,
        next: () => void,
      ) => {
        Object.assign(request, { verified: JSON.parse(request.headers['x-verified'] ?? 'null') });
        next();
      };
      consumer.apply(read).forRoutes('*path');
    }
  }
  const verified = (request: object) => {
    const raw = (request as { raw?: object }).raw ?? request;
    return (raw as { verified?: unknown }).verified as string;
  };
  const asking = (id: unknown) => ({ headers: { 'x-verified': JSON.stringify(id) } });

  it('may answer with a promise, alone, and both moments must agree', async () => {
    const server = await serveWith(
      fromRequest(async (request) => verified(request), { after: 'middleware', name: 'verified' }),
      fromRequest(async (request) => request.headers['x-user'] as string | undefined, { after: 'guards' }),
    );
    const ask = async (id: unknown, user?: string) => {
      const options = asking(id);
      const { status, body } = await call(server, 'localhost', '/who', {
        headers: { ...options.headers, ...(user && { 'x-user': user }) },
      });
      return status === 200 ? body['id'] : [status, body['message']];
    };
    expect(await ask('t_acme')).toBe('t_acme');
    expect(await ask('t_acme', 't_acme')).toBe('t_acme');
    expect(await ask('t_acme', 't_globex')).toEqual([401, 'tenant_mismatch']);
    expect(await ask(null, 't_globex')).toBe('t_globex');
    expect(await ask(null)).toEqual([401, 'tenant_required']);
    expect(await ask('nobody', 't_globex')).toEqual([401, 'tenant_mismatch']);
    await server.close();
  });

  it.each<[string, () => never | Promise<never>]>([
    [
      'throws',
      () => {
        throw new Error('the store is down');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('the store is down');
      },
    ],
  ])('that %s makes the request fail, and leaves untenanted routes alone', async (_, fails) => {
    const server = await serveWith(subdomain, fromRequest(fails, { after: 'middleware' }));
    const { status, body } = await call(server, host(acme), '/who');
    expect([status, body['message']]).toEqual([500, 'tenant_source_failed']);
    expect((await call(server, host(acme), '/health')).body).toEqual({ inside: 'none' });
    await server.close();
  });

  it('that answers nonsense makes the request fail', async () => {
    const nonsense = { name: 'nonsense', after: 'guards', identify: () => 7 } as unknown as TenantSource;
    const server = await serveWith(subdomain, nonsense);
    const { status, body } = await call(server, host(acme), '/who');
    expect([status, body['message']]).toEqual([500, 'tenant_source_failed']);
    await server.close();
  });

  it('is not asked where two credentials were sent', async () => {
    const server = await serveWith(subdomain, fromRequest(verified, { after: 'middleware' }));
    const headers = `Host: acme.localhost\nX-Verified: "t_acme"\nConnection: close\n`;
    const { sendRaw } = await import('./server.js');
    expect(await sendRaw(server, `GET /who HTTP/1.1\n${headers}\n`)).toContain('t_acme');
    for (const name of ['Cookie', 'Authorization']) {
      const answer = await sendRaw(server, `GET /who HTTP/1.1\n${headers}${name}: a=1\n${name}: a=2\n\n`);
      expect(answer).toContain('tenant_mismatch');
    }
    await server.close();
  });
});

it('core-7: the after-guards moment is mounted only where there is such a source', async () => {
  const { ApplicationConfig } = await import('@nestjs/core');
  const interceptors = async (...sources: TenantSource[]) => {
    const server = await serve('express', { imports: [TenancyModule.forRoot({ registry: testRegistry(), sources })] });
    const config = (server.app as unknown as { config: InstanceType<typeof ApplicationConfig> }).config;
    const count = config.getGlobalInterceptors().length;
    await server.close();
    return count;
  };
  expect(await interceptors(subdomain, fromSession({ tenantId: () => null }))).toBe(0);
  expect(
    await interceptors(
      subdomain,
      fromRequest(() => null, { after: 'guards' }),
    ),
  ).toBe(1);
});

it('core-7: late sources that cannot work are refused when they are made', () => {
  for (const none of [{}, undefined, { tenantId: 't_acme' }]) {
    expect(() => fromSession(none as never)).toThrow(/tenancy_misconfigured: fromSession\.tenantId/);
  }
  expect(() => fromRequest(null as never, { after: 'guards' })).toThrow(/fromRequest: has no function/);
  expect(() => fromRequest(() => null, {} as never)).toThrow(/fromRequest\.after: is unknown/);
  for (const after of ['pipes', 'entrance']) {
    expect(() => fromRequest(() => null, { after } as never)).toThrow(/fromRequest\.after: is unknown/);
  }
  expect(() => fromRequest(() => null, undefined as never)).toThrow(/fromRequest\.after: is unknown/);
  for (const name of ['', 7, null]) {
    expect(() => fromRequest(() => null, { after: 'guards', name } as never)).toThrow(/fromRequest\.name/);
  }
  const late = { name: 'x', after: 'pipes', identify: () => null } as unknown as TenantSource;
  expect(() => TenancyModule.forRoot({ registry: testRegistry(), sources: [late] })).toThrow(/after/);
});

describe.each(adapters)('core-7: on %s, a raw handler behind a session', (adapter) => {
  const source: TenantSource = fromSession({ tenantId: (request) => request.session?.tenantId });
  const rows = async () => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
    return { id: context.tenantId };
  };
  let server: Server;

  beforeAll(async () => {
    const imports = [
      TenancyModule.forRoot({
        registry: testRegistry(),
        sources: [
          fromSubdomain({ baseDomain: 'localhost' }),
          source,
          fromRequest((request) => request.headers['x-user'] as string, { after: 'guards' }),
        ],
      }),
    ];
    server = await serve(adapter, { imports, controllers: [SessionController] }, (app) => {
      withSession(adapter)(app);
      if (adapter === 'express') {
        type Json = { json(body: object): void };
        app.use('/export', (request: object, response: Json, next: (error: unknown) => void) =>
          admitRequest(request, async () => response.json(await rows())).catch(next),
        );
      } else {
        const fastify = app.getHttpAdapter().getInstance();
        fastify.after(() => fastify.get('/export', (request: object) => admitRequest(request, rows)));
      }
    });
  });
  afterAll(() => server.close());

  const signIn = async (tenantId: string) => {
    const { headers } = await call(server, 'localhost', '/sign-in', { body: { tenantId } });
    return (headers['set-cookie']?.[0] ?? '').split(';')[0] as string;
  };

  it('runs as the tenant that all sources agree on', async () => {
    const cookies = { t_acme: await signIn('t_acme'), t_globex: await signIn('t_globex') };
    const asked = Array.from({ length: 20 }, (_, i) => (i % 2 ? 't_acme' : 't_globex') as 't_acme' | 't_globex');
    const answers = await Promise.all(
      asked.map((id, i) => {
        const host = i % 3 ? 'localhost' : `${id.slice(2)}.localhost`;
        return call(server, host, '/export', { headers: { cookie: cookies[id] } });
      }),
    );
    expect(answers.map(({ body }) => body)).toEqual(asked.map((id) => ({ id })));
    expect((await call(server, 'acme.localhost', '/export')).body).toEqual({ id: 't_acme' });
  });

  it.each([
    ['tenant_mismatch', 'acme.localhost', 't_globex', {}],
    ['tenant_mismatch', 'acme.localhost', undefined, { 'x-user': 't_globex' }],
    ['tenant_mismatch', 'localhost', 't_acme', { 'x-user': 't_globex' }],
    ['tenant_required', 'localhost', undefined, {}],
  ] as const)('is refused with %s at %s with the session of %s and %j', async (code, host, id, more) => {
    const headers = { ...more, ...(id && { cookie: await signIn(id) }) };
    const { status, text } = await call(server, host, '/export', { headers });
    expect([status, text]).toEqual([401, expect.stringContaining(code)]);
  });
});

it('core-7: a request that came through no entrance is not admitted', async () => {
  await expect(admitRequest({}, () => 'ran')).rejects.toThrow(/tenant_context_missing/);
});
