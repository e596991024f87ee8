import { constants, createHmac, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { Algorithm, Tenant } from '@tenancy/core';

/** Options of `signTestToken`. */
export interface TestTokenOptions {
  /** The secret of an HMAC, or the private key as PEM. */
  readonly secret: string | Buffer | KeyObject;
  /**
   * The algorithm that the token is signed with.
   * @defaultValue `'HS256'`
   */
  readonly algorithm?: Algorithm;
  /**
   * More claims: `{ sub: 'user_1', roles: ['admin'] }`. They win over the usual ones.
   * @defaultValue `{}`
   */
  readonly claims?: Readonly<Record<string, unknown>>;
  /**
   * The claim that names the tenant, as `fromJwt({ claim })` has it.
   * @defaultValue `'tenantId'`
   */
  readonly claim?: string;
  /**
   * Seconds that the token is valid for; below 0, it has expired.
   * @defaultValue `3_600`
   */
  readonly expiresIn?: number;
}

/**
 * A token that `fromJwt` takes for `tenant`'s.
 *
 * @example
 * ```ts
 * import { signTestToken } from '@tenancy/testing';
 *
 * const token = signTestToken({ id: 't_acme', slug: 'acme' }, { secret: 'the secret', claims: { sub: 'user_1' } });
 * const headers = { authorization: `Bearer ${token}` };
 * ```
 */
export function signTestToken(tenant: Tenant, options: TestTokenOptions): string {
  const { secret, algorithm = 'HS256', claims = {}, claim = 'tenantId', expiresIn = 3_600 } = options;
  if (!secret) {
    throw new TypeError('signTestToken needs the `secret` that the application checks with. Is its variable set?');
  }
  const now = Math.floor(Date.now() / 1000);
  const payload = { [claim]: tenant.id, iat: now + Math.min(0, expiresIn), exp: now + expiresIn, ...claims };
  return signed({ alg: algorithm, typ: 'JWT' }, payload, algorithm, secret);
}

/**
 * Tokens that must not pass for `tenant`'s, by what is wrong with each. `other` is whose token was tampered with.
 *
 * @example
 * ```ts
 * import { forgedTestTokens } from '@tenancy/testing';
 *
 * const [acme, globex] = [{ id: 't_acme', slug: 'acme' }, { id: 't_globex', slug: 'globex' }] as const;
 * for (const [what, token] of Object.entries(forgedTestTokens(acme, globex, { secret: 'the secret' }))) {
 *   console.log(what, token); // … is refused
 * }
 * ```
 */
export function forgedTestTokens(tenant: Tenant, other: Tenant, options: TestTokenOptions): Record<string, string> {
  const { algorithm = 'HS256', claim = 'tenantId', secret } = options;
  const token = signTestToken(tenant, options);
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const [, , othersSignature] = signTestToken(other, options).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const now = Math.floor(Date.now() / 1000);
  const confused = publicKeyAsSecret(claims, secret);
  const unsigned = (alg: string) => `${encode({ alg, typ: 'JWT' })}.${payload}.`;
  return {
    'without a signature': unsigned('none'),
    'without a signature, in capitals': unsigned('NONE'),
    'with its signature removed': `${header}.${payload}.`,
    'with the signature of another token': `${header}.${payload}.${othersSignature}`,
    'with a changed signature': `${header}.${payload}.${changed(signature)}`,
    'with a changed header': `${encode({ alg: algorithm, typ: 'JWT', kid: '../../dev/null' })}.${payload}.${signature}`,
    'signed with another secret': signed({ alg: 'HS256', typ: 'JWT' }, claims, 'HS256', 'not the secret of anybody'),
    ...(confused !== null && { 'signed with the public key': confused }),
    expired: signTestToken(tenant, { ...options, expiresIn: -60 }),
    'not yet valid': signTestToken(tenant, { ...options, claims: { ...options.claims, nbf: now + 3_600 } }),
    'for a list of tenants': signTestToken(tenant, { ...options, claims: { ...options.claims, [claim]: [tenant.id] } }),
    'for an object': signTestToken(tenant, { ...options, claims: { ...options.claims, [claim]: { id: tenant.id } } }),
    'for nobody': signTestToken(tenant, { ...options, claims: { ...options.claims, [claim]: '' } }),
  };
}

/** HS/RS confusion: everybody has the public key. Null for a shared secret, which has none. */
function publicKeyAsSecret(claims: object, secret: TestTokenOptions['secret']): string | null {
  try {
    const pem = createPublicKey(secret as KeyObject).export({ type: 'spki', format: 'pem' });
    return signed({ alg: 'HS256', typ: 'JWT' }, claims, 'HS256', pem);
  } catch {
    return null;
  }
}

function changed(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString('base64url');
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

function signed(header: object, payload: object, algorithm: Algorithm, key: TestTokenOptions['secret']): string {
  const content = `${encode(header)}.${encode(payload)}`;
  return `${content}.${signatureOf(content, algorithm, key).toString('base64url')}`;
}

function signatureOf(content: string, algorithm: Algorithm, key: TestTokenOptions['secret']): Buffer {
  const hash = `sha${algorithm.slice(2)}`;
  const bytes = Buffer.from(content);
  switch (algorithm.slice(0, 2)) {
    case 'HS':
      return createHmac(hash, key).update(bytes).digest();
    case 'RS':
      return sign(hash, bytes, key as KeyObject);
    case 'PS': {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return sign(hash, bytes, { key: key as KeyObject, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
    }
    case 'ES':
      return sign(hash, bytes, { key: key as KeyObject, dsaEncoding: 'ieee-p1363' });
    default:
      throw new TypeError(`signTestToken cannot sign with ${JSON.stringify(algorithm)}.`);
  }
}
