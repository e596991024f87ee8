import 'reflect-metadata';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { appModule, type registrations } from '../src/app.module.js';
import { SECRET } from '../src/companies.js';
import { afterAll, beforeAll, describe, expect, it } from './runner.js';
import { type Sent, send } from './send.js';

const adapters = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };
const unauthorized = (message: string) => ({
  status: 401,
  body: { statusCode: 401, message, error: 'Unauthorized' },
});
const tokenOf = (tenantId: string) => new JwtService({ secret: SECRET }).sign({ sub: 'user_1', tenantId });

async function start(adapter: keyof typeof adapters, registration: keyof typeof registrations) {
  const app: INestApplication = await NestFactory.create(appModule(registration), adapters[adapter](), {
    logger: false,
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address();
  return { app, ask: (sent: Sent) => send(port, sent) };
}

describe.each(['Express', 'Fastify'] as const)('on %s', (adapter) => {
  let app: INestApplication;
  let ask: (sent: Sent) => ReturnType<typeof send>;

  beforeAll(async () => {
    ({ app, ask } = await start(adapter, 'forRoot'));
  });
  afterAll(() => app.close());

  it('carries the tenant of the host to the handler', async () => {
    for (const slug of ['acme', 'globex']) {
      const id = `t_${slug}`;
      expect(await ask({ path: '/jobs', slug })).toEqual({
        status: 200,
        body: { tenant: slug, id, carried: id, user: null },
      });
    }
  });

  it('carries the tenant of a token, and keeps its payload', async () => {
    for (const slug of ['acme', null]) {
      expect(await ask({ path: '/jobs', slug, token: tokenOf('t_acme') })).toEqual({
        status: 200,
        body: { tenant: 'acme', id: 't_acme', carried: 't_acme', user: 'user_1' },
      });
    }
  });

  it('refuses a token of globex on the host of acme', async () => {
    expect(await ask({ path: '/jobs', slug: 'acme', token: tokenOf('t_globex') })).toEqual(
      unauthorized('tenant_mismatch'),
    );
  });

  it('refuses a request without a tenant', async () => {
    for (const slug of [null, 'nobody']) {
      expect(await ask({ path: '/jobs', slug })).toEqual(unauthorized('tenant_required'));
    }
  });

  it('runs an untenanted route without one', async () => {
    for (const slug of [null, 'acme']) {
      expect(await ask({ path: '/health', slug })).toEqual({ status: 200, body: { active: false } });
    }
  });

  it('keeps the tenant while a body arrives', async () => {
    const sent = ['acme', 'globex', 'acme', 'globex'].map(async (slug, n) => {
      const answer = await ask({ method: 'POST', path: '/jobs', slug, body: { title: `Job ${n}` } });
      expect(answer).toEqual({ status: 201, body: { title: `Job ${n}`, tenantId: `t_${slug}` } });
    });
    await Promise.all(sent);
  });

  it('lets only the admin enter another tenant', async () => {
    expect(await ask({ path: '/as-globex', slug: 'acme' })).toEqual({
      status: 200,
      body: { inside: 't_globex', after: 't_acme' },
    });
  });

  it.each(['useFactory', 'useClass', 'useExisting'] as const)('is registered with %s', async (registration) => {
    const other = await start(adapter, registration);
    try {
      expect(await other.ask({ path: '/jobs', slug: 'acme', token: tokenOf('t_acme') })).toEqual({
        status: 200,
        body: { tenant: 'acme', id: 't_acme', carried: 't_acme', user: 'user_1' },
      });
      expect(await other.ask({ path: '/jobs', slug: 'globex', token: tokenOf('t_acme') })).toEqual(
        unauthorized('tenant_mismatch'),
      );
    } finally {
      await other.app.close();
    }
  });
});
