import { isThenable } from '../context/thenable.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import type { TenantHint } from '../registry/tenant-registry.js';
import { hasTwoCredentials } from './sent-twice.js';
import { type LateMoment, NO_TENANT, type TenantRequest, type TenantSource } from './tenant-source.js';

/** A request as middleware and guards leave it behind. Name your own type for the parameter to have it checked. */
export interface LateRequest extends TenantRequest {
  // biome-ignore lint/suspicious/noExplicitAny: what a session holds is the application's own.
  readonly session?: any;
  // biome-ignore lint/suspicious/noExplicitAny: what a guard found out about the user is the application's own.
  readonly user?: any;
}

/** The `id` of a tenant, or `null` or `undefined` where there is nothing to say. */
export type TenantIdOf<Request> = (request: Request) => string | null | undefined | Promise<string | null | undefined>;

/** Options of {@link fromRequest}. */
export interface RequestSourceOptions {
  /** The moment at which the request holds what is read: once all middleware has run, or once all guards have. */
  readonly after: LateMoment;
  /**
   * Its name in messages.
   * @defaultValue `'request'`
   */
  readonly name?: string | undefined;
}

/**
 * The tenant from what middleware or guards put on the request, such as Passport's `request.user`.
 *
 * It must agree with the sources that were asked at the entrance; where they had nothing to say, it identifies the
 * tenant, and until then there is none. Read only what a signature or a store of your own vouches for: never a body,
 * a query parameter or a plain header.
 *
 * @throws `tenancy_misconfigured` without a function, or without the moment.
 * @example
 * ```ts
 * import { fromRequest } from '@tenancy/core';
 *
 * const source = () => fromRequest((request) => request.user?.tenantId, { after: 'guards' });
 * ```
 */
export function fromRequest<Request extends object = LateRequest>(
  tenantId: TenantIdOf<Request>,
  options: RequestSourceOptions,
): TenantSource {
  if (typeof tenantId !== 'function') {
    throw new TenancyConfigurationError(
      'fromRequest',
      'has no function',
      "Pass `(request) => …` that reads the tenant's id.",
    );
  }
  refuseUnknown('fromRequest', options, ['after', 'name']);
  const { after, name = 'request' } = options ?? {};
  if (after !== 'middleware' && after !== 'guards') {
    throw new TenancyConfigurationError('fromRequest.after', 'is unknown', "Pass 'middleware' or 'guards'.");
  }
  if (typeof name !== 'string' || name === '') {
    throw new TenancyConfigurationError('fromRequest.name', 'is empty', 'Pass a name, or leave it out.');
  }
  return {
    name,
    after,
    varies: ['Authorization', 'Cookie'],
    identify(request) {
      if (hasTwoCredentials(request)) return NO_TENANT;
      const id: unknown = tenantId(request as unknown as Request);
      return isThenable(id) ? Promise.resolve(id).then(hintOf) : hintOf(id);
    },
    async explain(request) {
      if (hasTwoCredentials(request)) return 'two Authorization or Cookie headers';
      const id = await tenantId(request as unknown as Request);
      return id === null || id === undefined ? "no tenant's id yet" : 'what it found is not the id of one tenant';
    },
  };
}

/** A hint for `id`; one that agrees with no other source where that cannot name a tenant (a number, a list of two). */
function hintOf(id: unknown): TenantHint | null {
  if (id === null || id === undefined) return null;
  return typeof id === 'string' ? { id } : NO_TENANT;
}
