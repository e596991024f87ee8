import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { fromRequest, type LateRequest, type TenantIdOf } from './from-request.js';
import type { TenantSource } from './tenant-source.js';

/** Options of {@link fromSession}. */
export interface SessionSourceOptions<Request extends object = LateRequest> {
  /** Reads the tenant's `id`, which sign-in has put into the session. */
  readonly tenantId: TenantIdOf<Request>;
}

/**
 * The tenant that a session was signed in to, whichever middleware keeps it. It is asked after all middleware and before
 * every other guard.
 *
 * Without it, one tenant's session cookie is good on every tenant's host.
 *
 * @throws `tenancy_misconfigured` without a function.
 * @example
 * ```ts
 * import { fromSession } from '@tenancy/core';
 *
 * const source = () => fromSession({ tenantId: (request) => request.session?.tenantId });
 * ```
 */
export function fromSession<Request extends object = LateRequest>(
  options: SessionSourceOptions<Request>,
): TenantSource {
  refuseUnknown('fromSession', options, ['tenantId']);
  const { tenantId } = options ?? {};
  if (typeof tenantId !== 'function') {
    throw new TenancyConfigurationError(
      'fromSession.tenantId',
      'is not a function',
      'Pass `(request) => request.session?.tenantId`.',
    );
  }
  return fromRequest(tenantId, { after: 'middleware', name: 'session' });
}
