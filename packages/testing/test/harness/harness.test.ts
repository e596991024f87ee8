import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TenantContext } from '@tenancy/core';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  createIsolationHarness,
  findInAnswer,
  type IsolationHarness,
  type IsolationHarnessOptions,
} from '../../src/index.js';
import { AppModule, acme, globex, type Job, table } from './application.js';

const options: IsolationHarnessOptions = {
  tenants: { acme, globex },
  signIn: async (_, client) => ((await client.post('/sign-in', { password: 'right' })).body as { token: string }).token,
  seed: async (_, { canary, client }) => ({
    job: (await client.post('/jobs', { title: canary('title') })).body as unknown as Readonly<Record<string, unknown>>,
  }),
  rows: async ({ id }) => ({ job: table.filter(({ tenantId }) => tenantId === id).map((job) => ({ ...job })) }),
  clean: ({ id }) => {
    table.splice(0, table.length, ...table.filter(({ tenantId }) => tenantId !== id));
  },
  // A busy machine may take its time: what ends a test early is the event it waits for.
  timeout: 120_000,
  events: { count: 10, milliseconds: 120_000 },
};
const adapters = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };

describe.each(['Express', 'Fastify'] as const)('the harness on %s', (name) => {
  let harness: IsolationHarness;
  beforeAll(async () => {
    harness = await createIsolationHarness(AppModule, { ...options, adapter: adapters[name]() });
  });
  afterAll(() => harness.close());
  const titleOf = (tenant: typeof acme) => (harness.planted(tenant)['job'] as unknown as Job).title;

  it('is named after the module, and listens on the loopback interface', () => {
    expect(harness.name).toBe('AppModule');
    expect(harness.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(harness.tenants).toEqual([acme, globex]);
  });

  it('calls the application as each tenant, and each has its own rows', async () => {
    for (const [own, other] of [
      [acme, globex],
      [globex, acme],
    ] as const) {
      const answer = await harness.as(own).get('/jobs');
      expect(answer.status).toBe(200);
      expect(findInAnswer(answer, harness.canaries.of(own)).map(({ canary }) => canary.value)).toContain(titleOf(own));
      expect(findInAnswer(answer, harness.canaries.of(other))).toEqual([]);
    }
  });

  it('tells the tenants apart while both call at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => harness.as(n % 2 ? acme : globex).get('/whose')),
    );
    expect(answers.map(({ body }) => body)).toEqual(answers.map((_, n) => ({ tenantId: n % 2 ? acme.id : globex.id })));
  });

  it('answers what was sent, so that it can be sent again', async () => {
    const { request } = await harness.as(acme).get('/jobs', { query: { page: 2 }, headers: { 'X-Trace': '1' } });
    expect(request).toEqual({
      method: 'GET',
      url: `${harness.url}/jobs?page=2`,
      headers: { host: 'acme.localhost', authorization: expect.stringMatching(/^Bearer ey/), 'x-trace': '1' },
      body: null,
    });
  });

  it('signs in once for each tenant', async () => {
    const { host, headers } = await harness.identityOf(acme);
    expect(host).toBe('acme.localhost');
    expect((await harness.identityOf(acme)).headers).toEqual(headers);
    expect(Object.keys(headers)).toEqual(['authorization']);
  });

  it("calls as whoever: another's host with this one's token, and nobody", async () => {
    const { headers } = await harness.identityOf(acme);
    expect((await harness.client({ host: 'globex.localhost', headers }).get('/jobs')).body).toMatchObject({
      message: 'tenant_mismatch',
    });
    expect((await harness.client({ host: null }).get('/jobs')).body).toMatchObject({ message: 'tenant_required' });
    expect((await harness.client({ host: null, headers }).get('/whose')).body).toEqual({ tenantId: 't_acme' });
  });

  it('works with supertest and with fetch', async () => {
    const viaSupertest = await supertest(harness.server).get('/jobs').set(harness.as(acme).headers).expect(200);
    // fetch sets the host itself, so the token has to say who it is.
    const { host: _, ...headers } = harness.as(acme).headers;
    const viaFetch = await (await fetch(`${harness.url}/jobs`, { headers })).json();
    expect(viaSupertest.body).toEqual(viaFetch);
    expect(viaFetch).toEqual((await harness.as(acme).get('/jobs')).body);
    expect(viaFetch).not.toEqual([]);
  });

  it('sends JSON, texts, bytes, forms and nested queries', async () => {
    const client = harness.client({ host: null });
    const echo = async (body: unknown, init = {}) =>
      (await client.post('/echo', body, init)).body as {
        body: unknown;
        query: object;
        headers: Record<string, string>;
      };
    expect((await echo({ a: [1] })).body).toEqual({ a: [1] });
    expect((await echo('{"a":1}', { headers: { 'content-type': 'application/json' } })).body).toEqual({ a: 1 });
    expect((await echo(undefined, { query: { ids: [1, 2], none: undefined } })).query).toEqual({ ids: ['1', '2'] });
    if (name === 'Express') {
      expect((await echo(new URLSearchParams({ a: 'b' }))).body).toEqual({ a: 'b' });
      const form = new FormData();
      form.set('a', 'b');
      expect((await echo(form)).headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    }
    for (const method of ['put', 'patch', 'delete'] as const) {
      expect((await client[method]('/echo')).status).toBe(404);
    }
  });

  it('parses JSON, and keeps a text as it is', async () => {
    const client = harness.client({ host: null });
    expect((await client.get('/csv')).body).toBe('id;title\n1;x\n');
    expect((await client.get('/nowhere')).body).toMatchObject({ statusCode: 404 });
  });

  it('listens to a stream of events for a while, and leaves', async () => {
    const { status, body } = await harness.as(acme).get('/ticks');
    expect(status).toBe(200);
    expect(body).toEqual(Array.from({ length: 10 }, (_, n) => ({ n, tenantId: 't_acme' })));
    expect((await harness.as(acme).get('/three')).body).toEqual(['event 0', 'event 1', 'event 2']);
  });

  it('does not wait for ever', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const failure = expect(harness.as(acme).get('/never')).rejects.toThrow(
        'GET /never was not answered within 120000 ms',
      );
      while (vi.getTimerCount() === 0) await new Promise(setImmediate);
      vi.advanceTimersByTime(120_000);
      await failure;
    } finally {
      vi.useRealTimers();
    }
  });

  it("lets no tenant of the caller's into the application", async () => {
    const nobody = harness.client({ host: null });
    await new TenantContext().run(globex, async () => {
      expect((await nobody.get('/whose')).status).toBe(401);
      expect((await harness.as(acme).get('/whose')).body).toEqual({ tenantId: 't_acme' });
      const inside = await createIsolationHarness(AppModule, {
        ...options,
        adapter: adapters[name](),
        seed: (tenant, seeding) => {
          expect(new TenantContext().isActive()).toBe(false);
          return options.seed(tenant, seeding);
        },
        prepare: () => expect(new TenantContext().isActive()).toBe(false),
      });
      expect((await inside.client({ host: null }).post('/echo')).body).toMatchObject({ isActive: false });
      await inside.close();
    });
  });

  it('plants again, and registers what it planted', async () => {
    const before = harness.planted(acme);
    const rowsBefore = (await harness.rowsOf?.(acme))?.['job'] ?? [];
    const planted = await harness.plant(acme);
    expect(harness.planted(acme)).toBe(planted);
    expect(planted).not.toEqual(before);
    const { title } = planted['job'] as unknown as Job;
    expect(title).toMatch(/^canary-title-2/);
    expect(harness.canaries.of(acme)).toContainEqual({ tenantId: 't_acme', what: 'job.title', value: title });
    expect((await harness.rowsOf?.(acme))?.['job']).toEqual([...rowsBefore, planted['job']]);
  });

  it('records what is logged, in every recording that is under way', async () => {
    const outer = await harness.recorder.record(async () => {
      const inner = await harness.recorder.record(() => harness.as(acme).post('/jobs', { title: 'Logged by Nest' }));
      console.warn('by the %s', 'console');
      process.stdout.write('on standard output\n');
      return inner;
    });
    expect(outer.result.result.status).toBe(201);
    expect(outer.result.log).toEqual(['log created Logged by Nest Jobs']);
    expect(outer.log).toEqual(['log created Logged by Nest Jobs', 'by the console', 'on standard output']);
    const { write } = process.stdout;
    await harness.recorder.record(async () => expect(process.stdout.write).not.toBe(write));
    expect(process.stdout.write).toBe(write);
  });

  it('removes what it planted', async () => {
    await harness.clean();
    expect(table).toEqual([]);
  });
});

it("is closed by `await using`'s method, once", async () => {
  const harness = await createIsolationHarness(AppModule, options);
  await harness[Symbol.asyncDispose]();
  await harness.close();
  await expect(fetch(harness.url)).rejects.toThrow();
});
