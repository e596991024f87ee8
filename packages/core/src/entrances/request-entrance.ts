import { isWorkOf, storage, type TenantStore } from '../context/storage.js';
import { isTenancyError, type TenancyError } from '../errors/tenancy-error.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import { nodeRequest, type TenantRequest } from '../resolution/tenant-source.js';
import type { Tenant } from '../tenant.js';
import { redirectTo } from './redirect-renamed.js';
import { callListenersInside, flushInside, STORE } from './request-events.js';

/** A request remembers its store, so that whoever runs with another one's is found out, and can be put right. */
interface EnteredRequest {
  [STORE]?: TenantStore;
}

/** The store that `request` runs with, if it came through an entrance. */
export function storeOf(request: object): TenantStore | undefined {
  return (nodeRequest(request) as EnteredRequest)[STORE];
}

/**
 * Identifies the tenant of `request` and goes on in its context, whatever context the call came in: a connection
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
    refuse(resolver, request, error, next, response);
    return;
  }
  if (tenant instanceof Promise) {
    tenant.then(
      (late) => goOn(request, late, null, next, response),
      (error) => refuse(resolver, request, error, next, response),
    );
  } else goOn(request, tenant, null, next, response);
}

/** Goes on with the store of a request, in case something on the way has lost it, or entered a tenant that it has not. */
export function reenterRequest<R>(store: TenantStore, next: () => R): R {
  const active = storage.getStore();
  return isWorkOf(store, active) && !active?.refused ? next() : storage.run(store, next);
}

function goOn(
  request: TenantRequest,
  tenant: Tenant | null,
  refusal: TenancyError | null,
  next: () => void,
  response?: object,
): void {
  const store: TenantStore = { tenant, refusal };
  const message = nodeRequest(request);
  (message as EnteredRequest)[STORE] = store;
  callListenersInside(store, message);
  // Of HTTP/2, where a request has a stream of its own.
  callListenersInside(store, (message as { readonly stream?: object }).stream);
  if (response) {
    const answer = nodeRequest(response);
    callListenersInside(store, answer);
    flushInside(store, answer);
  }
  storage.run(store, next);
}

function refuse(
  resolver: TenantResolver,
  request: TenantRequest,
  error: unknown,
  next: (error?: unknown) => void,
  response: object | undefined,
): void {
  if (!isTenancyError(error)) {
    next(error);
    return;
  }
  const refused = () => goOn(request, null, error, next, response);
  const isUnknown = error.code === 'tenant_required' || error.code === 'tenant_mismatch';
  const renamed = isUnknown && response ? resolver.renamedHost(request) : null;
  if (renamed === null) refused();
  else
    renamed
      .catch(() => null)
      .then((host) => (host === null ? refused() : redirectTo(host, request, response as object)));
}
