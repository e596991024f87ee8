import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CompanyDirectory } from '../src/admin/company-directory.js';
import { demoId } from '../src/admin/demo-companies.js';
import { acme, globex, TestPlatform } from './support/platform.js';

describe('what is refused', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await TestPlatform.start();
  });
  afterAll(() => platform.stop());

  const refused = (message: string, status = 401) => ({ status, body: { statusCode: status, message } });

  it("refuses globex's token on acme's address, on public routes too", async () => {
    const token = await platform.tokenOf(globex);
    for (const path of ['/candidates', '/jobs', '/invoices', '/audit-log', '/auth/me']) {
      expect(await platform.call('acme.localhost', path, { token })).toMatchObject(refused('tenant_mismatch'));
    }
    const before = await platform.rowsOf(acme);
    const body = { title: 'Intruder', location: 'Inside' };
    expect(await platform.call('acme.localhost', '/jobs', { method: 'POST', token, body })).toMatchObject(
      refused('tenant_mismatch'),
    );
    expect(await platform.rowsOf(acme)).toEqual(before);
  });

  it('refuses a request that names no company', async () => {
    for (const path of ['/jobs', '/candidates', '/invoices', '/audit-log', '/auth/me']) {
      expect(await platform.call('localhost', path)).toMatchObject(refused('tenant_required'));
    }
  });

  it('refuses a subdomain that nobody has, with and without a token', async () => {
    expect(await platform.call('initech.localhost', '/jobs')).toMatchObject(refused('tenant_required'));
    const token = await platform.tokenOf(acme);
    expect(await platform.call('initech.localhost', '/jobs', { token })).toMatchObject(refused('tenant_mismatch'));
  });

  it('refuses a company that is suspended', async () => {
    const directory = platform.app.get(CompanyDirectory, { strict: false });
    await directory.suspend((await directory.create({ slug: 'hooli' })).id);
    expect(await platform.call('hooli.localhost', '/jobs')).toMatchObject(refused('tenant_inactive', 403));
  });

  it.each([
    ['GET', '/candidates'],
    ['GET', `/candidates/${demoId(acme, 'candidate', 0)}`],
    ['POST', '/candidates'],
    ['PATCH', `/candidates/${demoId(acme, 'candidate', 0)}`],
    ['DELETE', `/candidates/${demoId(acme, 'candidate', 0)}`],
    ['GET', '/applications'],
    ['GET', `/applications/${demoId(acme, 'application', 0)}`],
    ['POST', '/applications'],
    ['PATCH', `/applications/${demoId(acme, 'application', 0)}`],
    ['GET', `/applications/${demoId(acme, 'application', 0)}/notes`],
    ['POST', `/applications/${demoId(acme, 'application', 0)}/notes`],
    ['DELETE', `/notes/${demoId(acme, 'note', 0)}`],
    ['POST', '/jobs'],
    ['PATCH', `/jobs/${demoId(acme, 'job', 0)}`],
    ['GET', '/invoices'],
    ['GET', `/invoices/${demoId(acme, 'invoice', 0)}`],
    ['POST', '/invoices'],
    ['PATCH', `/invoices/${demoId(acme, 'invoice', 0)}`],
    ['POST', `/invoices/${demoId(acme, 'invoice', 0)}/lines`],
    ['GET', '/audit-log'],
    ['GET', '/auth/me'],
  ])('needs a sign-in: %s %s', async (method, path) => {
    const before = await platform.rowsOf(acme);
    const attempt = (token?: string) => platform.call('acme.localhost', path, { method, token });
    expect(await attempt()).toMatchObject(refused('Unauthorized'));
    expect(await attempt('not.a.token')).toMatchObject(refused('Unauthorized'));
    expect(await attempt(forged({ alg: 'HS256', typ: 'JWT' }, 'another secret'))).toMatchObject(
      refused('Unauthorized'),
    );
    expect(await attempt(forged({ alg: 'none', typ: 'JWT' }, null))).toMatchObject(refused('Unauthorized'));
    expect(await platform.rowsOf(acme)).toEqual(before);
  });

  it('answers the health check with no company, an unknown one and a contradiction', async () => {
    const healthy = { status: 200, body: { status: 'ok' } };
    expect(await platform.call('localhost', '/health')).toMatchObject(healthy);
    expect(await platform.call('initech.localhost', '/health')).toMatchObject(healthy);
    const token = await platform.tokenOf(globex);
    expect(await platform.call('acme.localhost', '/health', { token })).toMatchObject(healthy);
  });
});

/** A token for acme that this platform did not sign. */
function forged(header: object, secret: string | null): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = { sub: demoId(acme, 'user', 0), role: 'admin', tenantId: 't_acme', exp: 4_102_444_800 };
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${secret === null ? '' : createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
