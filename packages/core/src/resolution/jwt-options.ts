import type { KeyObject } from 'node:crypto';
import type { LateMoment, TenantRequest } from './tenant-source.js';

/** Signature algorithms that a token may be checked with. `none` is not one. */
export const algorithms = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
] as const;

/** The name of a signature algorithm. */
export type Algorithm = (typeof algorithms)[number];

/** Checks a token and returns its payload. Throws, or rejects, when the token is not valid. */
export type TokenVerifier = (token: string) => object | Promise<object>;

/** Options of `fromJwt`: exactly one of `secret`, `publicKey` and `verifier`. */
export interface JwtOptions {
  /**
   * The shared secret of HMAC-signed tokens: at least 32 bytes for HS256, 48 for HS384, 64 for HS512.
   * @defaultValue none: then a `publicKey` or a `verifier` is needed
   */
  readonly secret?: string | Buffer | undefined;
  /**
   * The public key of RSA- or EC-signed tokens, as PEM.
   * @defaultValue none: then a `secret` or a `verifier` is needed
   */
  readonly publicKey?: string | Buffer | KeyObject | undefined;
  /**
   * A check of your own, for key sets with a `kid` and for other algorithms.
   * @defaultValue none: `@nestjs/jwt` checks tokens
   */
  readonly verifier?: TokenVerifier | undefined;
  /**
   * The only algorithms that are accepted.
   * @defaultValue the usual one of the key: HS256, RS256, PS256, or the one of the EC curve
   */
  readonly algorithms?: readonly Algorithm[] | undefined;
  /**
   * The claim that holds the tenant's `id`.
   * @defaultValue `'tenantId'`
   */
  readonly claim?: string | undefined;
  /**
   * The `iss` that a token must have; named and `undefined`, it is refused at start. Not for a `verifier`, which checks its own.
   * @defaultValue any, or none
   */
  readonly issuer?: string | readonly string[] | undefined;
  /**
   * The `aud` that a token must have; named and `undefined`, it is refused at start. Not for a `verifier`, which checks its own.
   * @defaultValue any, or none
   */
  readonly audience?: string | readonly string[] | undefined;
  /**
   * Reads the token from a request, for example from a cookie. It is asked before all middleware, so it reads the headers by itself, or says
   * `after: 'middleware'`: until then there is no `request.cookies`.
   * @defaultValue the `Authorization` header with the scheme `Bearer`
   */
  readonly extract?:
    | ((request: TenantRequest) => string | null | undefined | PromiseLike<string | null | undefined>)
    | undefined;
  /**
   * Treatment of an invalid or expired token: it counts as absent, or refuses the request with `tenant_required`.
   * @defaultValue `'ignore'`
   */
  readonly onInvalid?: 'ignore' | 'refuse' | undefined;
  /**
   * The moment at which the request holds what `extract` reads, if that is only once middleware (or a guard) has run.
   * @defaultValue at the entrance, before all middleware
   */
  readonly after?: LateMoment | undefined;
  /**
   * Its name in messages and for `verifiedPayload(request, name)`: for a second token, such as a gateway's beside the user's.
   * @defaultValue `'jwt'`
   */
  readonly name?: string | undefined;
}

/** The names of {@link JwtOptions}. */
export const jwtOptionNames = [
  'secret',
  'publicKey',
  'verifier',
  'algorithms',
  'claim',
  'issuer',
  'audience',
  'extract',
  'onInvalid',
  'after',
  'name',
] as const satisfies readonly (keyof JwtOptions)[];
