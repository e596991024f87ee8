import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { admitRequest, fromSubdomain, TenancyModule, TenantContext, type TenantSource } from '../src/index.js';
import { adapters, call, globex, type Server, serve, testRegistry } from './server.js';

const context = new TenantContext();
const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});
const logged = () => log.mock.calls.map(([line]) => String(line));

const scopeError = () =>
  Object.assign(new Error('tenant_conflict: the row names another tenant. Leave it out.'), {
    [Symbol.for('@tenancy/typeorm:scope-error')]: true,
    code: 'tenant_conflict',
  });
const failing: TenantSource = {
  name: 'internal-sso',
  after: 'middleware',
  identify: ({ headers }) => {
    if (headers['x-break']) throw new Error('the directory at 10.0.0.7 is down');
    return null;
  },
};

const handlers: Record<string, (request: object) => unknown> = {
  switching: () => context.run(globex, () => 'ran'),
  asking: () => context.tenantId,
  conflicting: () => {
    throw scopeError();
  },
  admitting: (request) => admitRequest(request, () => context.tenantId),
  own: () => {
    throw new Error("the application's own words");
  },
};

type Express = {
  get(path: string, handler: (request: object, response: { send(text: unknown): void }) => unknown): void;
};
type Fastify = {
  get(path: string, handler: (request: object) => unknown): void;
  addHook(name: string, hook: (request: { url: string }) => Promise<void>): void;
};

describe.each(adapters)('core-6: raw handlers and hooks on %s', (adapter) => {
  let server: Server;
  afterEach(async () => {
    await server.close();
    log.mockClear();
  });
  const start = () =>
    serve(
      adapter,
      {
        imports: [
          TenancyModule.forRoot({
            registry: testRegistry(),
            sources: [fromSubdomain({ baseDomain: 'localhost' }), failing],
          }),
        ],
      },
      (app) => {
        const instance: unknown = app.getHttpAdapter().getInstance();
        for (const [name, handler] of Object.entries(handlers)) {
          const path = `/${name}`;
          if (adapter === 'fastify') (instance as Fastify).get(path, async (request) => handler(request));
          else (instance as Express).get(path, async (request, response) => response.send(await handler(request)));
        }
        if (adapter === 'fastify') {
          (instance as Fastify).addHook('preHandler', async ({ url }) => {
            if (url.endsWith('?hook')) handlers['switching']?.({});
          });
        }
      },
    );

  it("the client gets the code and nothing more, and the log what is the server's fault, once", async () => {
    server = await start();
    for (const [at, path, status, code, headers] of [
      ['acme.', '/switching', 500, 'tenant_switch_refused', {}],
      ...(adapter === 'fastify' ? ([['acme.', '/asking?hook', 500, 'tenant_switch_refused', {}]] as const) : []),
      ['', '/asking', 401, 'tenant_required', {}],
      ['', '/admitting', 401, 'tenant_required', {}],
      ['acme.', '/admitting', 500, 'tenant_source_failed', { 'x-break': '1' }],
      ...(adapter === 'fastify' ? ([['acme.', '/conflicting', 500, 'tenant_conflict', {}]] as const) : []),
    ] as const) {
      log.mockClear();
      const answer = await call(server, `${at}localhost`, path, { headers });
      expect([path, answer.status, answer.body['message']]).toEqual([path, status, code]);
      expect(answer.text).not.toMatch(/no source|sso|10\.0\.0\.7|inside|another tenant|\.ts|\.js/);
      expect(logged()).toEqual(status === 500 ? [expect.stringContaining(`${code}: `)] : []);
      if (code === 'tenant_source_failed') expect(logged()[0]).toContain('10.0.0.7');
    }
  });

  it("and errors of the application's own are left alone", async () => {
    server = await start();
    const { status, text } = await call(server, 'acme.localhost', '/own');
    expect(status).toBe(500);
    // Nest says it on Express, where it answers.
    expect(text).toContain(adapter === 'fastify' ? "the application's own words" : 'Internal server error');
  });
});
