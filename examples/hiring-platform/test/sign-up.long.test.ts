import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Companies } from '../src/admin/companies.js';
import { acme, canariesOf, globex, TestPlatform } from './support/platform.js';

const password = 'bill runs initech';
const initech = { slug: 'initech', name: 'Initech', email: 'bill@initech.example', password };

describe.each(['rows', 'schemas'] as const)('a company that signs up, and is kept in %s', (isolation) => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await TestPlatform.start({ isolation });
  });
  afterAll(() => platform.stop());

  const signUp = (body: object, host = 'localhost') => platform.call(host, '/sign-up', { method: 'POST', body });
  /** All that a sign-up may leave: entries, slugs, operations, events, schemas and accounts. */
  const traces = async () => {
    const { rows } = await platform.outside.query(`
      select (select array_agg(slug order by slug) from tenancy.tenant) as companies,
        (select array_agg(slug order by slug) from tenancy.slug) as slugs,
        (select count(*)::int from tenancy.operation) as operations,
        (select count(*)::int from tenancy.event) as events,
        (select array_agg(nspname::text order by nspname) from pg_namespace where nspname like 'tenant%') as schemas,
        ${isolation === 'rows' ? '(select count(*)::int from user_account)' : '0'} as accounts`);
    return rows[0];
  };

  it('is there with its first recruiter, who signs in and opens a job that nobody else sees', async () => {
    const before = [await platform.rowsOf(acme), await platform.rowsOf(globex)];
    // Nobody has the name yet, which is remembered.
    expect((await platform.call('initech.localhost', '/jobs')).status).toBe(401);
    const address = `http://initech.localhost:${platform.port}`;
    expect(await signUp({ ...initech, slug: ' Initech ' })).toMatchObject({
      status: 201,
      body: { slug: 'initech', name: 'Initech', address, signIn: `${address}/auth/sign-in` },
    });
    const at = (path: string, body?: object, token?: string) =>
      platform.call('initech.localhost', path, { token, ...(body && { method: 'POST', body }) });
    const { body } = await at('/auth/sign-in', { email: initech.email, password });
    const { token } = body;
    expect((await at('/auth/me', undefined, token)).body).toEqual({
      email: initech.email,
      role: 'admin',
      company: 'Initech',
    });
    for (const path of ['/jobs', '/candidates', '/applications', '/invoices', '/mails']) {
      expect(await at(path, undefined, token)).toMatchObject({ status: 200, text: '[]' });
    }
    expect((await at('/audit-log', undefined, token)).body).toMatchObject({
      total: 1,
      entries: [{ by: initech.email, action: 'company.created' }],
    });
    const job = { title: 'Stapler keeper', location: 'Basement' };
    expect((await at('/jobs', job, token)).status).toBe(201);
    expect((await at('/jobs')).body).toMatchObject([job]);
    for (const company of [acme, globex]) {
      expect((await platform.as(company, '/jobs')).text).not.toContain(job.title);
      expect(await platform.as(company, '/candidates', { token })).toMatchObject({
        status: 401,
        body: { message: 'tenant_mismatch' },
      });
      for (const canary of canariesOf(company)) expect((await at('/jobs')).text).not.toContain(canary);
    }
    expect([await platform.rowsOf(acme), await platform.rowsOf(globex)]).toEqual(before);
  });

  it.each([
    [409, 'a name that another company has', { slug: 'ACME' }],
    [400, 'a reserved name', { slug: 'api' }],
    [400, 'a name that is no part of a host name', { slug: 'two.labels' }],
    [400, 'a name in punycode', { slug: 'xn--bro-hoa' }],
    [400, 'a weak password', { password: 'short' }],
    [400, 'an address that is none', { email: 'bill' }],
    [400, 'a company without a name', { name: ' ' }],
    [400, 'text that PostgreSQL cannot keep', { name: 'Ini\0tech' }],
    [400, 'a field of its own', { id: acme.id }],
  ])('is refused with %i for %s, and nothing is left', async (status, _case, fields) => {
    const before = await traces();
    expect((await signUp({ ...initech, slug: 'hooli', ...fields })).status).toBe(status);
    expect(await traces()).toEqual(before);
  });

  it('has the name alone, of several who want it at once', async () => {
    const before = await traces();
    const emails = ['one', 'two', 'three'].map((name) => `${name}@pied-piper.example`);
    const answers = await Promise.all(emails.map((email) => signUp({ ...initech, slug: 'pied-piper', email })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
    const signIns = await Promise.all(
      emails.map((email) =>
        platform.call('pied-piper.localhost', '/auth/sign-in', { method: 'POST', body: { email, password } }),
      ),
    );
    expect(signIns.map(({ status }) => status)).toEqual(answers.map(({ status }) => (status === 201 ? 200 : 401)));
    const after = await traces();
    expect(after.companies).toHaveLength(before.companies.length + 1);
    expect(after.slugs).toHaveLength(before.slugs.length + 1);
    expect(after.operations).toBe(before.operations + 1);
  });

  it('is not there, nor found while it is made, where its first rows cannot be written', async () => {
    const before = await traces();
    const companies = platform.app.get(Companies, { strict: false });
    const failing = companies.create({ slug: 'hooli' }, async (client, { id: tenant_id }) => {
      await client.query(`insert into job (tenant_id, id, title, location) values ($1, gen_random_uuid(), 'x', 'x')`, [
        tenant_id,
      ]);
      expect((await platform.call('hooli.localhost', '/jobs')).body.message).toBe('tenant_required');
      await client.query('insert into job (tenant_id) values ($1)', [acme.id]);
    });
    await expect(failing).rejects.toThrow('row-level security');
    expect(await traces()).toEqual(before);
    expect((await signUp({ ...initech, slug: 'hooli' })).status).toBe(201);
  });

  it('signs up in the name of no company, whatever host it is called at', async () => {
    const token = await platform.tokenOf(globex);
    const body = { ...initech, slug: 'büro' };
    const answer = await platform.call('acme.localhost', '/sign-up', { method: 'POST', token, body });
    expect(answer).toMatchObject({ status: 201, body: { address: `http://xn--bro-hoa.localhost:${platform.port}` } });
    const signIn = { method: 'POST', body: { email: initech.email, password } };
    expect((await platform.call('xn--bro-hoa.localhost', '/auth/sign-in', signIn)).status).toBe(200);
    expect((await platform.call('acme.localhost', '/auth/sign-in', signIn)).status).toBe(401);
  });
});
