import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../src/settings/settings.js';
import { acme, TestPlatform } from './support/platform.js';

const browser = { Accept: 'text/html' };
const HOST = 'acme.localhost';
const { email, password } = acme.recruiters[0];
const sameOrigin = (protocol: string, host = HOST) => ({ Host: host, Origin: `${protocol}://${host}`, ...browser });

describe('behind a proxy that ends TLS', () => {
  let platform: TestPlatform;
  let cookie: string;
  beforeAll(async () => {
    platform = await TestPlatform.start({ protocol: 'https' });
  });
  afterAll(() => platform.stop());

  const send = (path: string, form: Record<string, string>, headers: Record<string, string>, host = HOST) =>
    platform.call(host, path, { form, headers });

  it('the cookie goes over https alone, and has a name that no page of another company can plant', async () => {
    const { status, headers } = await send('/sign-in', { email, password }, sameOrigin('https'));
    expect(status).toBe(303);
    expect(headers['set-cookie']?.[0]).toMatch(
      /^__Host-hiring_session=[\w.-]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    cookie = headers['set-cookie']?.[0]?.split(';')[0] as string;
    const desk = await platform.call(HOST, '/desk', { headers: { Cookie: cookie, ...browser } });
    expect([desk.status, desk.text.includes(email)]).toEqual([200, true]);
  });

  it('a cookie of the other name is nobody, alone and beside the own', async () => {
    const planted = cookie.replace('__Host-', '');
    const alone = await platform.call(HOST, '/desk', { headers: { Cookie: planted, ...browser } });
    expect([alone.status, alone.headers.location]).toEqual([303, '/sign-in']);
    const both = { Cookie: `hiring_session=planted; ${cookie}`, ...browser };
    expect((await platform.call(HOST, '/desk', { headers: both })).status).toBe(200);
  });

  it('signs out, and takes away the cookie of that name', async () => {
    const { status, headers } = await send('/sign-out', {}, { Cookie: cookie, ...sameOrigin('https') });
    expect(status).toBe(303);
    expect(headers['set-cookie']?.[0]).toMatch(/^__Host-hiring_session=; Path=\/; Expires=.*; Secure/);
    expect((await platform.call(HOST, '/desk', { headers: { Cookie: cookie, ...browser } })).status).toBe(303);
  });

  it('a form that came over http is refused', async () => {
    const { status, text, headers } = await send('/sign-in', { email, password }, sameOrigin('http'));
    expect([status, text.includes('PROTOCOL'), headers['set-cookie']]).toEqual([403, true, undefined]);
  });

  it('links lead to https', async () => {
    const front = await platform.call('localhost', '/', { headers: browser });
    expect(front.text).toContain('href="https://acme.localhost');
    expect(front.text).not.toMatch(/http:\/\/|>https:/);
    const body = { slug: 'hammer', name: 'Hammer', email: 'h@hammer.example', password: 'hammer hires hands' };
    const made = await platform.call('localhost', '/sign-up', { method: 'POST', body });
    expect(made.body).toMatchObject({ signIn: expect.stringMatching(/^https:\/\/hammer\.localhost/) });
  });
});

it('a protocol that is none stops the start', () => {
  expect(readSettings({}).protocol).toBe('http');
  expect(readSettings({ PROTOCOL: 'https' }).protocol).toBe('https');
  expect(() => readSettings({ PROTOCOL: 'HTTPS' })).toThrow('PROTOCOL is "HTTPS"');
});
