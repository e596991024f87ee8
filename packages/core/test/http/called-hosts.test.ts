import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { untenantedCall } from '../../src/http.js';
import { isTenancyError, signTenantHeader, TenantContext } from '../../src/index.js';
import { clients, type Opened } from './clients.js';
import { billing, type Service, secret, stranger, tenants } from './services.js';

const context = new TenantContext();
const [acme, globex] = tenants as [(typeof tenants)[0], (typeof tenants)[0]];
/** An error that a dispatcher throws is the cause of fetch's own error. */
const isMissing = (error: unknown) =>
  [error, (error as Error).cause].some((one) => isTenancyError(one, 'tenant_context_missing'));

describe.each(Object.entries(clients))('%s', (name, open) => {
  let named: Service;
  let other: Service;
  let client: Opened;
  beforeAll(async () => {
    [named, other] = await Promise.all([billing(), stranger()]);
  });
  afterAll(() => Promise.all([named.close(), other.close()]));
  beforeEach(async () => {
    other.seen.length = 0;
    client = await open({ hosts: [named.origin], secret });
  });
  afterEach(() => client.close());

  const as = (tenant: typeof acme, url: string, headers?: Record<string, string>) =>
    context.run(tenant, () => client.call(url, headers));
  const away = (to: string, status = 302) => `${named.origin}/away?status=${status}&to=${encodeURIComponent(to)}`;

  it('X5: a named host knows the tenant that calls, interleaved', async () => {
    const asked = Array.from({ length: 8 }, () => tenants).flat();
    const answers = await Promise.all(asked.map((tenant) => as(tenant, `${named.origin}/who`)));
    expect(answers).toEqual(asked.map(({ slug }) => ({ status: 200, body: { of: slug } })));
  });

  it('X5: nobody else is told, also not what the caller hands on', async () => {
    const forged = signTenantHeader(globex.id, { secret });
    for (const origin of [other.origin, other.origin.replace('127.0.0.1', 'localhost')]) {
      const { body } = await as(acme, `${origin}/`, { 'X-Signed-Tenant': forged, 'x-trace': '7' }).catch(() => ({
        body: null,
      }));
      if (body) expect(body).toMatchObject({ told: null });
    }
    expect(other.seen.length).toBeGreaterThan(0);
    expect(other.seen.every((headers) => headers['x-trace'] === '7' && !headers['x-signed-tenant'])).toBe(true);
  });

  it('X5: a header that the caller gives names no other tenant', async () => {
    const forged = signTenantHeader(globex.id, { secret });
    expect(await as(acme, `${named.origin}/who`, { 'X-Signed-Tenant': forged })).toMatchObject({
      body: { of: acme.slug },
    });
  });

  it.each([301, 302, 303, 307, 308])('X5: a redirect (%i) to another host does not take it along', async (status) => {
    const forged = { 'x-signed-tenant': 'forged' };
    expect((await as(acme, away(`${other.origin}/there`, status), forged)).body).toEqual({ told: null, method: 'GET' });
    expect(other.seen).toHaveLength(1);
  });

  it('X5: a redirect to a named host is of the tenant still, interleaved', async () => {
    const answers = await Promise.all(tenants.map((tenant) => as(tenant, away('/who'))));
    expect(answers.map(({ body }) => body)).toEqual(tenants.map(({ slug }) => ({ of: slug })));
  });

  // A dispatcher cannot see that fetch is redirected, so whoever is called can send it back: docs/calling-services.md says so.
  if (name !== "undici's fetch over a dispatcher")
    it('X5: who is told nothing cannot send the call on to a named host as the tenant', async () => {
      const back = (path: string) => `${other.origin}/back?to=${encodeURIComponent(`${named.origin}${path}`)}`;
      expect((await as(acme, back('/health'))).body).toEqual({ told: null });
      expect((await as(acme, away(back('/health')))).body).toEqual({ told: null });
      expect((await as(acme, away(back('/who'))).catch(() => ({ status: 401 }))).status).toBe(401);
    });

  it("X5: without a tenant a named host is not called, unless the call is nobody's", async () => {
    await expect(client.call(`${named.origin}/health`)).rejects.toSatisfy(isMissing);
    expect((await client.call(`${other.origin}/`)).body).toMatchObject({ told: null });
    const nobodys = () => untenantedCall(() => client.call(`${named.origin}/health`));
    expect((await nobodys()).body).toEqual({ told: null });
    expect((await context.run(acme, nobodys)).body).toEqual({ told: null });
    expect((await as(acme, `${named.origin}/health`)).body).not.toEqual({ told: null });
  });

  it('X5: a host that is named by https is not told by http', async () => {
    const secure = await open({ hosts: [named.origin.replace('http:', 'https:')], secret });
    expect((await context.run(acme, () => secure.call(`${named.origin}/health`))).body).toEqual({ told: null });
    await secure.close();
  });

  it('X5: an address that only looks like a named host is told nothing', async () => {
    const { host } = new URL(named.origin);
    await as(acme, `${other.origin.replace('//', `//${host.replace(':', '%3A')}@`)}/`).catch(() => null);
    await as(acme, `${other.origin}/${named.origin}`).catch(() => null);
    expect(other.seen.length).toBeGreaterThan(0);
    expect(other.seen.filter((headers) => headers['x-signed-tenant'])).toEqual([]);
  });
});
