import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestPlatform } from './support/platform.js';

let platform: TestPlatform;
beforeAll(async () => {
  platform = await TestPlatform.start();
});
afterAll(() => platform.stop());

const browser = { Accept: 'text/html' };

it.each([
  ['the page with the sign-up', 'localhost', '/', 200],
  ['the way from a company to its careers', 'acme.localhost', '/', 303],
  ['a page of a company', 'acme.localhost', '/careers', 200],
  ['a refusal for want of a company', 'nobody.localhost', '/careers', 401],
  ['an address that cannot be read', 'acme.localhost', '/jobs/%E0%A4%A', 400],
  ['a page that is not there', 'localhost', '/nowhere', 404],
  ['a style', 'localhost', '/assets/site.css', 200],
  ['the description of the API', 'localhost', '/openapi.json', 200],
] as const)('%s may not be framed, nor run a script of somebody else', async (_, host, path, expected) => {
  const { status, headers } = await platform.call(host, path, { headers: browser });
  expect(status).toBe(expected);
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' });
  expect(headers).not.toHaveProperty('x-powered-by');
});

it.each([
  ['a body that is too large', { title: 'x'.repeat(1_000_000) }, 413],
  ['a body that is not what it says', '{', 400],
] as const)('%s is answered with a page that may run nothing', async (_, body, expected) => {
  const headers = { ...browser, 'Content-Type': 'application/json' };
  const { status, headers: answered } = await platform.call('acme.localhost', '/jobs', {
    method: 'POST',
    headers,
    body,
  });
  expect(status).toBe(expected);
  expect(answered['content-security-policy']).toMatch(/^default-src 'none'/);
});
