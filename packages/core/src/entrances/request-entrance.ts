import { type Corridor, storage } from '../context/storage.js';
import { isTenancyError, type TenancyError } from '../errors/tenancy-error.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import type { TenantRequest } from '../resolution/tenant-source.js';
import type { Tenant } from '../tenant.js';

const CORRIDOR = Symbol.for('@tenancy/core:corridor');

/** A request remembers its corridor, so that whoever runs in another one's is found out, and can be put right. */
interface EnteredRequest {
  [CORRIDOR]?: Corridor;
}

/** The corridor that `request` entered, if it came through an entrance. */
export function corridorOf(request: unknown): Corridor | undefined {
  return (request as EnteredRequest | null | undefined)?.[CORRIDOR];
}

/**
 * Identifies the tenant of `request` and goes on inside its corridor, whatever context the call came in: a connection
 * that is kept alive can bring the context of the request before.
 *
 * A refusal goes on too, without a tenant: only the guard knows whether the route is `@Untenanted()`.
 */
export function enterRequest(resolver: TenantResolver, request: TenantRequest, next: (error?: unknown) => void): void {
  const goOn = (tenant: Tenant | null, refusal: TenancyError | null) => {
    const corridor: Corridor = { tenant, refusal };
    (request as EnteredRequest)[CORRIDOR] = corridor;
    storage.run(corridor, next);
  };
  const refuse = (error: unknown) => (isTenancyError(error) ? goOn(null, error) : next(error));
  let tenant: Tenant | Promise<Tenant>;
  try {
    tenant = resolver.resolve(request);
  } catch (error) {
    refuse(error);
    return;
  }
  if (tenant instanceof Promise) tenant.then((late) => goOn(late, null), refuse);
  else goOn(tenant, null);
}

/** Goes on inside the corridor that `request` entered, in case something on the way has lost it. */
export function reenterRequest(request: unknown, next: () => void): void {
  const corridor = corridorOf(request);
  if (corridor === undefined || corridor === storage.getStore()) next();
  else storage.run(corridor, next);
}
