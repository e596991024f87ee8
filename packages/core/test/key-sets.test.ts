import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, exportJWK, generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromJwt, type TenantSource, verifiedPayload } from '../src/index.js';

const issuer = 'https://login.example.com/';
const audience = 'https://api.example.com';
const keys = {
  rsa: await generateKeyPair('RS256'),
  ec: await generateKeyPair('ES256'),
  stranger: await generateKeyPair('RS256'),
};
const published = await Promise.all(
  (['rsa', 'ec'] as const).map(async (kid) => ({ ...(await exportJWK(keys[kid].publicKey)), kid, use: 'sig' })),
);
const server = createServer((_, response) => response.end(JSON.stringify({ keys: published })));
let source: TenantSource;

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const set = createRemoteJWKSet(new URL(`http://127.0.0.1:${port}/jwks.json`));
  source = fromJwt({
    claim: 'org_id',
    verifier: async (token) =>
      (await jwtVerify(token, set, { issuer, audience, algorithms: ['RS256', 'ES256'] })).payload,
  });
});
afterAll(() => void server.close());

const signed = (
  payload: JWTPayload,
  {
    key = 'rsa',
    kid = key,
    alg = 'RS256',
    iss = issuer,
    aud = audience,
    exp = '1 h',
  }: Partial<Record<'key' | 'kid' | 'alg' | 'iss' | 'aud' | 'exp', string>> = {},
) =>
  new SignJWT(payload)
    .setProtectedHeader({ alg, kid })
    .setIssuer(iss)
    .setAudience(aud)
    .setExpirationTime(exp)
    .sign(keys[key as keyof typeof keys].privateKey);
const asked = async (token: string) => {
  const request = { headers: { authorization: `Bearer ${token}` } };
  return { hint: await source.identify(request), payload: verifiedPayload<JWTPayload>(request) };
};

describe('tokens of a login server with a key set', () => {
  it.each([
    ['RS256', 'rsa'],
    ['ES256', 'ec'],
  ])('name the tenant by a claim of its own: %s', async (alg, key) => {
    const { hint, payload } = await asked(await signed({ sub: 'ada', org_id: 't_acme' }, { alg, key }));
    expect(hint).toEqual({ id: 't_acme' });
    expect(payload?.sub).toBe('ada');
  });

  it.each([
    ['another issuer', { iss: 'https://evil.test/' }],
    ['another audience', { aud: 'https://other.example.com' }],
    ['an expiry that is over', { exp: '-1 h' }],
    ['a key that is not in the set', { key: 'stranger', kid: 'rsa' }],
    ['a key with an unknown name', { key: 'stranger' }],
  ])('count as absent with %s', async (_, options) => {
    expect(await asked(await signed({ org_id: 't_acme' }, options))).toEqual({ hint: null, payload: undefined });
  });
});
