import type { IncomingHttpHeaders } from 'node:http';
import type { TenantHint } from '../registry/tenant-registry.js';

/** The part of a request that a source may rely on: Express's and Fastify's requests both fit. */
export interface TenantRequest {
  readonly headers: IncomingHttpHeaders;
  /** The host name as the HTTP adapter's own trust-proxy setting sees it. */
  readonly hostname?: string | undefined;
  readonly url?: string | undefined;
  readonly rawHeaders?: readonly string[] | undefined;
  /** Node's request, where the adapter wraps it. */
  readonly raw?: { readonly url?: string | undefined; readonly rawHeaders?: readonly string[] | undefined } | undefined;
}

/** Node's own request, which an adapter's middleware gets as well, where its handlers get a wrapper. */
export function nodeRequest(request: object): object {
  return (request as { readonly raw?: object }).raw ?? request;
}

/** The moment for a source that cannot be asked at the entrance: after all middleware, or after all guards. */
export type LateMoment = 'middleware' | 'guards';

/**
 * One way to tell the tenant of a request.
 *
 * `identify` answers with a hint, or `null` when it has nothing to say. It must only trust what the caller cannot
 * choose: where the request was routed, or what a key has signed.
 */
export interface TenantSource<Request = TenantRequest> {
  readonly name: string;
  /** Reads what a request says about its tenant: one name for it, or null where the request says nothing. */
  identify(request: Request): TenantHint | null | Promise<TenantHint | null>;
  /** Optional methods of the registry that this source cannot do without. */
  readonly requires?: readonly 'findByDomain'[] | undefined;
  /**
   * Why the source names nobody in `request`, for the debug log: "no token". Never a secret, a token, or a cookie.
   * Asked only of a request that was refused, and only at debug level.
   */
  explain?(request: Request): string | Promise<string>;
  /**
   * The host name, without a port, that `request` would have been sent to had it named `slug`, where the slug that it names is a former one
   * of that tenant. `null`, or no such method: it is refused as one that nobody has.
   */
  renamedHost?(request: Request, slug: string): string | null;
  /**
   * Names of the headers that it reads. With `@tenancy/core/cache` the answers of its tenants say so in `Vary`.
   * @defaultValue none: the address alone, or what no cache between sees
   */
  readonly varies?: readonly string[] | undefined;
  /**
   * `'middleware'`: asked once all middleware has run, before every guard. `'guards'`: asked once all guards have run,
   * before pipes and the handler.
   * @defaultValue at the entrance, before all middleware
   */
  readonly after?: LateMoment | undefined;
}

/** The answer of a source that was told something contradictory: no tenant has this name, so it never agrees. */
export const NO_TENANT: TenantHint = Object.freeze({ id: '' });
