import { type Corridor, isWorkOf, storage } from '../context/storage.js';
import { isTenancyError, type TenancyError } from '../errors/tenancy-error.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import { nodeRequest, type TenantRequest } from '../resolution/tenant-source.js';
import type { Tenant } from '../tenant.js';
import { CORRIDOR, callListenersInside, flushInside } from './request-events.js';

/** A request remembers its corridor, so that whoever runs in another one's is found out, and can be put right. */
interface EnteredRequest {
  [CORRIDOR]?: Corridor;
}

/** The corridor that `request` entered, if it came through an entrance. */
export function corridorOf(request: object): Corridor | undefined {
  return (nodeRequest(request) as EnteredRequest)[CORRIDOR];
}

/**
 * Identifies the tenant of `request` and goes on inside its corridor, whatever context the call came in: a connection
 * that is kept alive can bring the context of the request before.
 *
 * A refusal goes on too, without a tenant: only the guard knows whether the route is `@Untenanted()`.
 */
export function enterRequest(
  resolver: TenantResolver,
  request: TenantRequest,
  next: (error?: unknown) => void,
  response?: object,
): void {
  let tenant: Tenant | Promise<Tenant>;
  try {
    tenant = resolver.resolve(request);
  } catch (error) {
    refuse(request, error, next, response);
    return;
  }
  if (tenant instanceof Promise) {
    tenant.then(
      (late) => goOn(request, late, null, next, response),
      (error) => refuse(request, error, next, response),
    );
  } else goOn(request, tenant, null, next, response);
}

/** Goes on inside the corridor that a request entered, in case something on the way has lost it, or entered a tenant that it has not. */
export function reenterRequest<R>(corridor: Corridor, next: () => R): R {
  const active = storage.getStore();
  return isWorkOf(corridor, active) && !active?.refused ? next() : storage.run(corridor, next);
}

function goOn(
  request: TenantRequest,
  tenant: Tenant | null,
  refusal: TenancyError | null,
  next: () => void,
  response?: object,
): void {
  const corridor: Corridor = { tenant, refusal };
  const message = nodeRequest(request);
  (message as EnteredRequest)[CORRIDOR] = corridor;
  callListenersInside(corridor, message);
  // Of HTTP/2, where a request has a stream of its own.
  callListenersInside(corridor, (message as { readonly stream?: object }).stream);
  if (response) {
    const answer = nodeRequest(response);
    callListenersInside(corridor, answer);
    flushInside(corridor, answer);
  }
  storage.run(corridor, next);
}

function refuse(
  request: TenantRequest,
  error: unknown,
  next: (error?: unknown) => void,
  response: object | undefined,
): void {
  if (isTenancyError(error)) goOn(request, null, error, next, response);
  else next(error);
}
