import { createHmac, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import { describe, expect, it } from 'vitest';
import { fromJwt } from './from-jwt.js';
import type { JwtOptions } from './jwt-options.js';
import { NO_TENANT, type TenantRequest } from './tenant-source.js';
import { verifiedPayload } from './verified-payload.js';

const secret = 'the secret of this test, which is long enough for each of the three HMACs';
const jwt = new JwtService({});
const sign = (payload: object, options = {}) => jwt.sign(payload, { secret, ...options });
const withHeader = (authorization?: string, rawHeaders?: string[]) => ({
  headers: authorization === undefined ? {} : { authorization },
  ...(rawHeaders && { rawHeaders }),
});
const identify = (token: string, options: JwtOptions = { secret }) =>
  fromJwt(options).identify(withHeader(`Bearer ${token}`));

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const forge = (header: object, payload: object, key: string | Buffer) => {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
};
const pem = (key: KeyObject) =>
  key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' }).toString();

describe('a valid token', () => {
  it('names the tenant of its claim', () => {
    expect(identify(sign({ tenantId: 't_acme' }))).toEqual({ id: 't_acme' });
    expect(identify(sign({ org: 't_acme' }), { secret, claim: 'org' })).toEqual({ id: 't_acme' });
  });

  it.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('is found behind %s', (scheme) => {
    const request = withHeader(`${scheme} ${sign({ tenantId: 't_acme' })}`);
    expect(fromJwt({ secret }).identify(request)).toEqual({ id: 't_acme' });
  });

  it('keeps its payload for the request, so that nobody verifies twice', () => {
    const request = withHeader(`Bearer ${sign({ tenantId: 't_acme', sub: 'ada' })}`);
    fromJwt({ secret }).identify(request);
    expect(verifiedPayload<{ sub: string }>(request)?.sub).toBe('ada');
    expect(verifiedPayload(withHeader())).toBeUndefined();
  });

  it('without the claim says nothing', () => {
    expect(identify(sign({ sub: 'ada' }))).toBeNull();
    expect(identify(sign({ tenantId: null }))).toBeNull();
    expect(identify(sign({}), { secret, claim: 'constructor' })).toBeNull();
  });

  it.each([
    ['an array', ['t_acme']],
    ['an object', { id: 't_acme' }],
    ['a number', 7],
    ['true', true],
  ])('whose claim is %s never agrees', (_, tenantId) => {
    expect(identify(sign({ tenantId }))).toBe(NO_TENANT);
  });

  it('sent beside a second Authorization header never agrees', () => {
    const header = `Bearer ${sign({ tenantId: 't_acme' })}`;
    const request = withHeader(header, ['Authorization', header, 'authorization', 'Bearer other']);
    expect(fromJwt({ secret }).identify(request)).toBe(NO_TENANT);
  });

  it('can come from a cookie', () => {
    const source = fromJwt({ secret, extract: (request) => request.headers.cookie?.split('session=')[1] });
    expect(source.identify({ headers: { cookie: `session=${sign({ tenantId: 't_acme' })}` } })).toEqual({
      id: 't_acme',
    });
    expect(source.identify({ headers: {} })).toBeNull();
  });

  it('can come late: what `extract` promises is waited for, and is not taken for no token', async () => {
    const source = fromJwt({ secret, extract: async ({ headers }) => headers.cookie });
    await expect(source.identify({ headers: { cookie: sign({ tenantId: 't_acme' }) } })).resolves.toEqual({
      id: 't_acme',
    });
    await expect(source.identify({ headers: { cookie: 'forged' } })).resolves.toBeNull();
    await expect(source.identify({ headers: {} })).resolves.toBeNull();
  });

  it.each([7, true, { token: 'x' }, ['x']])('that is %j is a source that failed, and not no token', (token) => {
    const source = fromJwt({ secret, extract: () => token as never });
    expect(() => source.identify({ headers: {} })).toThrow(expect.objectContaining({ code: 'tenant_source_failed' }));
  });

  it('is not looked for by what is no function', () => {
    expect(() => fromJwt({ secret, extract: 'cookie' as never })).toThrow(/fromJwt\.extract/);
  });
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('an invalid token counts as absent', () => {
  const good = sign({ tenantId: 't_acme' });
  const claims = { tenantId: 't_acme' };
  it.each([
    ['no token at all', ''],
    ['nonsense', 'nonsense'],
    ['another secret', jwt.sign(claims, { secret: 'another' })],
    ['expired', sign({ ...claims, exp: 1 })],
    ['not yet valid', sign({ ...claims, nbf: 4_000_000_000 })],
    ['alg none', `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`],
    ['alg None', `${encode({ alg: 'None' })}.${encode(claims)}.${good.split('.')[2]}`],
    ['alg none with a signature', forge({ alg: 'none' }, claims, secret)],
    ['an algorithm that is not pinned', sign(claims, { algorithm: 'HS512' })],
    [
      'another payload under the same signature',
      `${good.split('.')[0]}.${encode({ tenantId: 't_globex' })}.${good.split('.')[2]}`,
    ],
    ['no signature', good.split('.').slice(0, 2).join('.')],
    ['a very long one', `${good}${'a'.repeat(100_000)}`],
    ['a payload that is text', jwt.sign('t_acme', { secret })],
  ])('%s', (_, token) => {
    expect(identify(token)).toBeNull();
  });

  it.each(['Basic YTpi', 'Bearer', 'Bearer ', `Bearer${good}`, `Token ${good}`, `${good}`, `Bearer ${good} ${good}`])(
    'the header %j holds none',
    (header) => {
      expect(fromJwt({ secret }).identify(withHeader(header))).toBeNull();
    },
  );

  it('HS/RS confusion: a token that was signed with the public key as its secret', () => {
    const publicKey = pem(rsa.publicKey);
    const confused = forge({ alg: 'HS256', typ: 'JWT' }, claims, publicKey);
    expect(identify(confused, { publicKey })).toBeNull();
    expect(identify(jwt.sign(claims, { privateKey: pem(rsa.privateKey), algorithm: 'RS256' }), { publicKey })).toEqual({
      id: 't_acme',
    });
  });

  it('issuer and audience, where they are asked for', () => {
    const options = { secret, issuer: 'us', audience: 'app' };
    expect(identify(sign(claims), options)).toBeNull();
    expect(identify(sign(claims, { issuer: 'us', audience: 'other' }), options)).toBeNull();
    expect(identify(sign(claims, { issuer: 'us', audience: 'app' }), options)).toEqual({ id: 't_acme' });
  });

  it('refuses instead, where the application says so', () => {
    expect(() => identify('nonsense', { secret, onInvalid: 'refuse' })).toThrow('tenant_required');
    expect(identify(good, { secret, onInvalid: 'refuse' })).toEqual({ id: 't_acme' });
  });

  it('leaves no payload behind', () => {
    const request = withHeader(`Bearer ${sign({ exp: 1 })}`);
    fromJwt({ secret }).identify(request);
    expect(verifiedPayload(request)).toBeUndefined();
  });
});

describe("a verifier of the application's own", () => {
  const keys: Record<string, string> = { k1: secret };
  const verifier = async (token: string) => {
    const { header } = jwt.decode<{ header: { kid?: string } }>(token, { complete: true });
    const key = keys[header.kid ?? ''];
    if (!key) throw new Error('unknown kid');
    return jwt.verify<object>(token, { secret: key });
  };

  it('is asked, and may answer later', async () => {
    const request = withHeader(`Bearer ${sign({ tenantId: 't_acme' }, { keyid: 'k1' })}`);
    expect(await fromJwt({ verifier }).identify(request)).toEqual({ id: 't_acme' });
    expect(verifiedPayload(request)).toMatchObject({ tenantId: 't_acme' });
  });

  it('rejects an unknown kid, which counts as absent', async () => {
    expect(await identify(sign({ tenantId: 't_acme' }, { keyid: 'k2' }), { verifier })).toBeNull();
    await expect(identify(sign({}, { keyid: 'k2' }), { verifier, onInvalid: 'refuse' })).rejects.toThrow(
      'tenant_required',
    );
  });

  it('may answer with a promise of another library, which is waited for and never taken for a payload', async () => {
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library.
    const rejecting = { then: (_: unknown, reject: (error: Error) => void) => reject(new Error('forged')) };
    const request = withHeader('Bearer any');
    expect(await fromJwt({ verifier: () => rejecting }).identify(request)).toBeNull();
    expect(verifiedPayload(request)).toBeUndefined();
    // biome-ignore lint/suspicious/noThenProperty: a promise of another library.
    const resolving = { then: (resolve: (payload: object) => void) => resolve({ tenantId: 't_acme' }) };
    expect(await identify('any', { verifier: () => resolving })).toEqual({ id: 't_acme' });
  });

  it('has to answer with a payload', () => {
    expect(identify('any', { verifier: () => true as never })).toBeNull();
  });
});

describe("the algorithm is the key's own", () => {
  it('for an EC key', () => {
    const token = jwt.sign({ tenantId: 't_acme' }, { privateKey: pem(ec.privateKey), algorithm: 'ES256' });
    expect(identify(token, { publicKey: ec.publicKey })).toEqual({ id: 't_acme' });
  });

  it('or one that is named and fits', () => {
    expect(identify(sign({ tenantId: 't_acme' }, { algorithm: 'HS512' }), { secret, algorithms: ['HS512'] })).toEqual({
      id: 't_acme',
    });
  });
});

it('takes a public key whose lines an environment variable has on one', () => {
  const publicKey = pem(rsa.publicKey).trim().replaceAll('\n', String.raw`\n`);
  expect(() => fromJwt({ publicKey })).not.toThrow();
});

describe('wrong options are refused at start, by name and with the fix', () => {
  const ed = generateKeyPairSync('ed25519');
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  it.each<[string, unknown, RegExp]>([
    ['no secret', {}, /fromJwt: has no secret\. Pass exactly one/],
    ['an unset environment variable', { secret: undefined }, /fromJwt: has no secret/],
    ['an empty secret', { secret: '' }, /fromJwt\.secret: is empty/],
    ['two keys', { secret, publicKey: pem(rsa.publicKey) }, /fromJwt: has secret and publicKey/],
    ['a PEM key as secret', { secret: pem(rsa.publicKey) }, /fromJwt\.secret: is a PEM key.+publicKey/],
    ['no PEM key', { publicKey: 'nonsense' }, /fromJwt\.publicKey: is not a public key/],
    ['none as algorithm', { secret, algorithms: ['none'] }, /fromJwt\.algorithms: "none" does not fit/],
    ['HS256 with a public key', { publicKey: pem(rsa.publicKey), algorithms: ['HS256'] }, /"HS256" does not fit/],
    ['RS256 with a secret', { secret, algorithms: ['HS256', 'RS256'] }, /"RS256" does not fit/],
    ['no algorithms', { secret, algorithms: [] }, /fromJwt\.algorithms: names none/],
    ['a key of an unknown kind', { publicKey: ed.publicKey }, /fromJwt\.algorithms: names none.+verifier/],
    ['a verifier that is none', { verifier: 'x' }, /fromJwt\.verifier/],
    ['an unset issuer', { secret, issuer: undefined }, /fromJwt\.issuer: is empty/],
    ['an empty issuer', { secret, issuer: '' }, /fromJwt\.issuer: is empty/],
    ['an empty audience', { secret, audience: [] }, /fromJwt\.audience: is empty/],
    ['an issuer beside a verifier', { verifier: () => ({}), issuer: 'us' }, /fromJwt\.issuer: is not checked by/],
    ['algorithms beside a verifier', { verifier: () => ({}), algorithms: ['HS256'] }, /fromJwt\.algorithms: is not/],
    ['an issuer that is one of two unset ones', { secret, issuer: ['us', undefined] }, /fromJwt\.issuer: is empty/],
    ['core-13: a short secret', { secret: 'secret' }, /fromJwt\.secret: has 6 bytes, and HS256 needs 32 \(RFC 7518/],
    ['core-13: one byte too few', { secret: 'x'.repeat(31) }, /has 31 bytes, and HS256 needs 32/],
    ['core-13: a short one as bytes', { secret: Buffer.alloc(31, 7) }, /has 31 bytes/],
    ['core-13: too short for HS384', { secret: 'x'.repeat(47), algorithms: ['HS384'] }, /HS384 needs 48/],
    ['core-13: too short for one of two', { secret: 'x'.repeat(63), algorithms: ['HS256', 'HS512'] }, /HS512 needs 64/],
    [
      'core-13: an unknown option',
      { secret, algorithm: ['HS256'] },
      /fromJwt\.algorithm: is unknown\. Did you mean `algorithms`\?/,
    ],
    ['a secret and a verifier', { secret, verifier: () => ({}) }, /fromJwt: has secret and verifier/],
    ['an audience beside a verifier', { verifier: () => ({}), audience: 'us' }, /fromJwt\.audience: is not checked by/],
    ['an audience that is one of two unset ones', { secret, audience: ['us', ''] }, /fromJwt\.audience: is empty/],
    [
      'a secret as the public key',
      { publicKey: createSecretKey(Buffer.from(secret)) },
      /fromJwt\.publicKey: is not a public key/,
    ],
    ['RS256 with a key for PSS', { publicKey: pss.publicKey, algorithms: ['RS256'] }, /"RS256" does not fit/],
    ['ES384 with another curve', { publicKey: ec.publicKey, algorithms: ['ES384'] }, /"ES384" does not fit/],
    ['an empty claim', { secret, claim: '' }, /fromJwt\.claim/],
    ['a claim that is no name', { secret, claim: ['org'] }, /fromJwt\.claim/],
    ['a name that is none', { secret, name: Symbol('jwt') }, /fromJwt\.name/],
    ['an unknown onInvalid', { secret, onInvalid: 'throw' }, /fromJwt\.onInvalid/],
  ])('%s', (_, options, message) => {
    expect(() => fromJwt(options as JwtOptions)).toThrow(message);
  });
});

describe('a token that is not in the Authorization header', () => {
  const cookie = (name: string) => (request: TenantRequest) =>
    new RegExp(`${name}=([^;]+)`).exec(request.headers.cookie ?? '')?.[1];
  const at = `at=${sign({ tenantId: 't_acme' })}`;

  it('can be asked for once middleware has read it', () => {
    const source = fromJwt({
      secret,
      extract: (request) => (request as { cookies?: { at?: string } }).cookies?.at,
      after: 'middleware',
    });
    expect(source.after).toBe('middleware');
    expect(source.identify({ headers: {}, cookies: { at: at.slice(3) } } as TenantRequest)).toEqual({ id: 't_acme' });
    expect(fromJwt({ secret })).not.toHaveProperty('after');
    expect(() => fromJwt({ secret, after: 'later' as never })).toThrow(/fromJwt\.after/);
  });

  it('names nobody beside a second Cookie header over HTTP/1', () => {
    const source = fromJwt({ secret, extract: cookie('at') });
    const request = (httpVersionMajor: number, ...more: string[]) =>
      ({ httpVersionMajor, headers: { cookie: at }, rawHeaders: ['Cookie', at, ...more] }) as TenantRequest;
    expect(source.identify(request(1))).toEqual({ id: 't_acme' });
    expect(source.identify(request(1, 'cookie', 'at=other'))).toBe(NO_TENANT);
    // Which splits one.
    expect(source.identify(request(2, 'cookie', 'theme=dark'))).toEqual({ id: 't_acme' });
  });
});

it("of two tokens the first source's payload is kept, and each under the name of its source", () => {
  const request = withHeader(`Bearer ${sign({ tenantId: 't_acme', sub: 'joe' })}`);
  const gateway = () => sign({ tenantId: 't_acme', sub: 'gateway' });
  const sub = (name?: string) => verifiedPayload<{ sub: string }>(request, name)?.sub;
  fromJwt({ secret }).identify(request);
  fromJwt({ secret, extract: gateway }).identify(request);
  expect(sub()).toBe('joe');
  expect(sub('gateway')).toBeUndefined();
  fromJwt({ secret, extract: gateway, name: 'gateway' }).identify(request);
  expect([sub(), sub('jwt'), sub('gateway')]).toEqual(['joe', 'joe', 'gateway']);
  const alone = withHeader();
  fromJwt({ secret, extract: gateway, name: 'gateway' }).identify(alone);
  expect(verifiedPayload(alone)).toBeUndefined();
  expect(() => fromJwt({ secret, name: '' })).toThrow(/fromJwt\.name/);
});

it('a token with a `crit` in its header is not accepted, whatever came before', () => {
  const good = sign({ tenantId: 't_acme' });
  const critical = forge({ alg: 'HS256', crit: ['b64'], b64: true }, { tenantId: 't_acme' }, secret);
  const source = fromJwt({ secret });
  const identified = (token: string) => source.identify(withHeader(`Bearer ${token}`));
  expect([good, critical, good, critical].map(identified)).toEqual([{ id: 't_acme' }, null, { id: 't_acme' }, null]);
});

it('without options says what is missing', () => {
  expect(() => fromJwt(undefined as never)).toThrow(/^tenancy_misconfigured: fromJwt: has no secret/);
});
