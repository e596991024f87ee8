import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
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
} from '../src/index.js';
import { acme, adapters, type Call, call, globex, SECRET, type Server, serve, testRegistry } from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');

type Next = (error?: unknown) => void;
type Request = IncomingMessage & { originalUrl?: string };

/** Of what a webhook is about, as its body would say. */
const tenantOf = ({ headers }: IncomingMessage) => (headers['x-of'] === 'acme' ? acme : globex);

/** Raw handlers and middleware that enter a tenant by themselves, each under a path of its own. */
const handlers: Readonly<Record<string, (request: Request, response: ServerResponse, next: Next) => unknown>> = {
  '/hook': (request, response) => context.run(tenantOf(request), () => response.end(seen())),
  '/later': async (request, response, next) => {
    try {
      await sleep(Math.random() * 3);
      const answer = await context.run(tenantOf(request), async () => {
        await sleep(Math.random() * 3);
        return seen();
      });
      response.end(`${answer} ${seen()}`);
    } catch (error) {
      next(error);
    }
  },
  '/bound': (request, response) =>
    context.run(tenantOf(request), () => void setTimeout(context.bind(() => response.end(seen())))),
  '/admitted': (request, response, next) =>
    context.run(tenantOf(request), () => void admitRequest(request, () => response.end(seen())).catch(next)),
  '/resumed': (request, response) =>
    context.run(tenantOf(request), () => resumeRequest(request, () => response.end(seen()))),
  '/before': (request, _, next) => {
    context.run(tenantOf(request), () => undefined);
    next();
  },
  '/around': (request, _, next) => context.run(tenantOf(request), next),
  '/nested': (request, _, next) =>
    context.run(tenantOf(request), () => context.run(tenantOf(request), context.bind(next))),
};

@Controller()
class AroundController {
  @Get(['around/who', 'nested/who'])
  who() {
    return seen();
  }

  @Untenanted()
  @Get(['around/health', 'before/health'])
  health() {
    return seen();
  }
}

describe.each(adapters)('on %s, what enters a tenant by itself', (adapter) => {
  const jwt = new JwtService({ secret: SECRET });
  let server: Server;

  beforeAll(async () => {
    const imports = [
      TenancyModule.forRoot({
        registry: testRegistry(),
        sources: [
          fromSubdomain({ baseDomain: 'localhost' }),
          fromJwt({ secret: SECRET }),
          fromSession({ tenantId: ({ headers }) => headers['x-session'] as string | undefined }),
        ],
      }),
    ];
    server = await serve(adapter, { imports, controllers: [AroundController] }, (app) => {
      for (const [path, handler] of Object.entries(handlers)) app.use(path, handler);
    });
  });
  afterAll(() => server.close());

  const ask = async (host: string, path: string, options: Call = {}) => {
    const { text } = await call(server, host, path, options);
    return /tenant_\w+/.exec(text)?.[0] ?? text;
  };
  const of = (slug: string, more = {}) => ({ headers: { 'x-of': slug, ...more } });

  it.each(['localhost', 'nobody.localhost', 'hooks.internal'])(
    "may do so at %s, which is no tenant's",
    async (host) => {
      const asked = Array.from({ length: 20 }, (_, i) => [acme, globex][i % 2] as typeof acme);
      for (const path of ['/hook', '/bound'])
        expect(await Promise.all(asked.map(({ slug }) => ask(host, path, of(slug))))).toEqual(
          asked.map(({ id }) => id),
        );
      expect(await Promise.all(asked.map(({ slug }) => ask(host, '/later', of(slug))))).toEqual(
        asked.map(({ id }) => `${id} none`),
      );
      expect(await ask(host, '/before/health', of('globex'))).toBe('none');
    },
  );

  it.each(['/hook', '/later'])('may not become another tenant than that of its host (%s)', async (path) => {
    expect(await ask('acme.localhost', path, of('acme'))).toMatch(/^t_acme/);
    expect(await ask('acme.localhost', path, of('globex'))).toBe('tenant_switch_refused');
  });

  it.each(['/hook', '/later'])('is refused with a request that is refused for what it says (%s)', async (path) => {
    const token = await jwt.signAsync({ tenantId: 't_globex' });
    expect(await ask('acme.localhost', path, { ...of('globex'), token })).toBe('tenant_mismatch');
    expect(await ask('closed.localhost', path, of('globex'))).toBe('tenant_inactive');
  });

  it.each(['/around', '/nested'])('lets nobody in (%s)', async (path) => {
    for (const host of ['localhost', 'nobody.localhost']) {
      expect(await ask(host, `${path}/who`, of('globex'))).toBe('tenant_required');
      expect(await ask(host, `${path}/who`, of('globex', { 'x-session': 't_acme' }))).toMatch(
        /tenant_(required|mismatch)/,
      );
    }
    expect(await ask('acme.localhost', `${path}/who`, of('acme'))).toBe('t_acme');
    expect(await ask('localhost', '/around/health', of('globex'))).toBe('none');
  });

  it('is left behind by admitRequest and resumeRequest', async () => {
    expect(await ask('localhost', '/admitted', of('globex'))).toBe('tenant_required');
    expect(await ask('localhost', '/admitted', of('globex', { 'x-session': 't_acme' }))).toBe('t_acme');
    expect(await ask('localhost', '/resumed', of('globex'))).toBe('none');
    expect(await ask('acme.localhost', '/admitted', of('acme'))).toBe('t_acme');
  });
});
