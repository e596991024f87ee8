import { isThenable } from '../context/thenable.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { TenantRequiredError, TenantSourceFailedError } from '../errors/refusals.js';
import type { TenantHint } from '../registry/tenant-registry.js';
import type { JwtOptions } from './jwt-options.js';
import { jwtVerifier } from './jwt-verifier.js';
import { hasTwoCredentials, wasSentTwice } from './sent-twice.js';
import { NO_TENANT, type TenantRequest, type TenantSource } from './tenant-source.js';
import { JWT, keepVerifiedPayload, payloadSlot } from './verified-payload.js';

/**
 * The tenant from a claim of a signed token. The verified payload is kept: `verifiedPayload(request)`.
 *
 * A token without the claim, or with `null` there, says nothing; one whose claim cannot name a tenant never agrees with another source.
 *
 * @throws `tenancy_misconfigured` for a missing key, or algorithms that do not fit it.
 * @example
 * ```ts
 * import { fromJwt } from '@tenancy/core';
 *
 * const source = () => fromJwt({ secret: process.env.JWT_SECRET, issuer: 'https://login.example.com' });
 * ```
 */
export function fromJwt(options: JwtOptions): TenantSource {
  const verify = jwtVerifier(options ?? {});
  const { claim = 'tenantId', extract, onInvalid = 'ignore', after, name = JWT } = options;
  if (typeof claim !== 'string' || claim === '') {
    throw new TenancyConfigurationError('fromJwt.claim', 'is empty', "Name the claim that holds the tenant's id.");
  }
  if (onInvalid !== 'ignore' && onInvalid !== 'refuse') {
    throw new TenancyConfigurationError('fromJwt.onInvalid', 'is unknown', "Pass 'ignore' or 'refuse'.");
  }
  if (after !== undefined && after !== 'middleware' && after !== 'guards') {
    throw new TenancyConfigurationError(
      'fromJwt.after',
      'is unknown',
      "Pass 'middleware' or 'guards', or leave it out.",
    );
  }
  if (typeof name !== 'string' || name === '') {
    throw new TenancyConfigurationError('fromJwt.name', 'is empty', 'Pass a name, or leave it out.');
  }
  if (extract !== undefined && typeof extract !== 'function') {
    throw new TenancyConfigurationError(
      'fromJwt.extract',
      'is not a function',
      'Pass `(request) => token`, or leave it out.',
    );
  }
  const slot = payloadSlot(name);

  const invalid = (): null => {
    if (onInvalid === 'refuse') throw new TenantRequiredError('the token is invalid or has expired. Sign in again.');
    return null;
  };

  const read = (request: TenantRequest, payload: unknown): TenantHint | null => {
    if (typeof payload !== 'object' || payload === null) return invalid();
    keepVerifiedPayload(request, slot, payload);
    const id: unknown = Object.hasOwn(payload, claim) ? (payload as Record<string, unknown>)[claim] : null;
    if (id === null || id === undefined) return null;
    return typeof id === 'string' ? { id } : NO_TENANT;
  };

  const hintOf = (
    request: TenantRequest,
    token: string | null | undefined,
  ): TenantHint | null | Promise<TenantHint | null> => {
    if (token === null || token === undefined || token === '') return null;
    if (typeof token !== 'string') {
      throw new TenantSourceFailedError(
        '`extract` of `fromJwt` answered with something that is not a token. Answer a string.',
      );
    }
    try {
      const payload = verify(token);
      // Whatever is not waited for counts as verified.
      if (!isThenable(payload)) return read(request, payload);
      return Promise.resolve(payload).then(
        (verified) => read(request, verified),
        () => invalid(),
      );
    } catch {
      return invalid();
    }
  };

  const tokenOf = (request: TenantRequest) => (extract ? extract(request) : bearerToken(request.headers.authorization));
  const hasTwo = (request: TenantRequest) =>
    extract ? hasTwoCredentials(request) : wasSentTwice(request, 'authorization');

  return {
    name,
    ...(after && { after }),
    varies: extract ? ['Authorization', 'Cookie'] : ['Authorization'],
    identify(request) {
      if (hasTwo(request)) return NO_TENANT;
      const token = tokenOf(request);
      // Whatever is not waited for counts as no token, so every kind of promise has to be.
      return isThenable(token) ? Promise.resolve(token).then((late) => hintOf(request, late)) : hintOf(request, token);
    },
    async explain(request) {
      if (hasTwo(request)) return extract ? 'two Authorization or Cookie headers' : 'two Authorization headers';
      const token = await tokenOf(request);
      if (!token) return 'no token';
      try {
        const payload: unknown = await verify(token);
        if (typeof payload !== 'object' || payload === null) return 'the token holds no claims';
        const named = Object.hasOwn(payload, claim)
          ? `the claim ${claim}, which is no tenant's id`
          : `no claim ${claim}`;
        return `the token has ${named}`;
      } catch (error) {
        // Its name and no more: a verifier of one's own may repeat the token in its message.
        return `the token was not accepted (${error instanceof Error ? error.name : 'unknown'})`;
      }
    },
  };
}

function bearerToken(header: string | undefined): string | null {
  if (header === undefined || header.slice(0, BEARER.length).toLowerCase() !== BEARER) return null;
  const token = header.slice(BEARER.length).trim();
  return token === '' || token.includes(' ') ? null : token;
}

const BEARER = 'bearer ';
