import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { TenantStore } from '../context/storage.js';
import { answersBefore } from '../context/unidentified.js';
import { TenantMismatchError, TenantRequiredError } from '../errors/refusals.js';
import type { TenancyError } from '../errors/tenancy-error.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import type { LateMoment, TenantRequest } from '../resolution/tenant-source.js';
import type { Tenant } from '../tenant.js';
import { explainRefusal } from './explain-refusal.js';
import { storeOf } from './request-entrance.js';
import { graphqlInfo, requestOf } from './request-of.js';
import { isUntenanted } from './untenanted.decorator.js';

/**
 * Asks the sources of a later moment, and changes the store in place, because what runs with it has been entered long
 * ago: to their tenant where the earlier ones had nothing to say, to a refusal where they do not agree.
 *
 * @throws the refusal of the request.
 */
export function identifyAfter(
  moment: LateMoment,
  resolver: TenantResolver,
  request: TenantRequest,
  store: TenantStore,
): void | Promise<void> {
  const earlier = store.refusal ? answersBefore(store.refusal) : store.tenant ? [store.tenant] : [];
  if (earlier === null) throw store.refusal;
  const asked = moment === 'middleware' ? asking.get(store) : undefined;
  if (asked) return asked;
  let tenant: Tenant | null | Promise<Tenant | null>;
  try {
    tenant = resolver.resolveAfter(moment, request, earlier);
  } catch (error) {
    return refuse(store, error as TenancyError);
  }
  if (!(tenant instanceof Promise)) return settle(store, tenant);
  const settled = tenant.then(
    (late) => settle(store, late),
    (error: TenancyError) => refuse(store, error),
  );
  if (moment === 'middleware') {
    const forget = () => asking.delete(store);
    asking.set(store, settled);
    settled.then(forget, forget);
  }
  return settled;
}

// A list of GraphQL asks for each of its rows at once, and all middleware has run long before.
const asking = new WeakMap<TenantStore, Promise<void>>();

/** True when only sources that are asked after the guards can still tell the tenant of what `context` calls. */
export function isIdentifiedAfterGuards(context: ExecutionContext, resolver: TenantResolver, refusal: object): boolean {
  if (!resolver.asksAfter('guards') || answersBefore(refusal) === null) return false;
  // Interceptors need not run for a field of GraphQL that is below another one, while guards may.
  return context.getType<string>() !== 'graphql' || graphqlInfo(context.getArgs())?.path?.prev === undefined;
}

/** Asks what can be told once all guards have run. Mounted only where there is such a source: it costs every request. */
export class AfterGuardsInterceptor implements NestInterceptor {
  constructor(private readonly resolver: TenantResolver) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    const request = requestOf(context);
    const store = request && storeOf(request);
    if (!store || isUntenanted(context)) return next.handle();
    const goOn = () => {
      if (!store.tenant) throw store.refusal ?? new TenantRequiredError();
      return next.handle();
    };
    const explained = (refusal: unknown): never => {
      explainRefusal(refusal, context, this.resolver);
      throw refusal;
    };
    try {
      const waiting = identifyAfter('guards', this.resolver, request, store);
      return waiting ? waiting.then(goOn).catch(explained) : goOn();
    } catch (refusal) {
      return explained(refusal);
    }
  }
}

function settle(store: TenantStore, tenant: Tenant | null): void {
  throwFinal(store);
  if (tenant === null) return;
  if (store.tenant && store.tenant.id !== tenant.id) refuse(store, new TenantMismatchError());
  store.tenant = tenant;
  store.refusal = null;
}

// What is not final is left to whoever asks the last of the sources.
function refuse(store: TenantStore, refusal: TenancyError): void {
  throwFinal(store);
  store.tenant = null;
  store.refusal = refusal;
  throwFinal(store);
}

/** Another resolver of the same GraphQL operation may have settled it meanwhile: one refusal for all, which is explained once. */
function throwFinal({ refusal }: TenantStore): void {
  if (refusal && answersBefore(refusal) === null) throw refusal;
}
