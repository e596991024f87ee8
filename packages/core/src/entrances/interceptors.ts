import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { ApplicationConfig, MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { Held, heldTo, isObservable } from '../context/lazy/observable.js';
import { isWorkOf, storage, storeFor, type TenantStore } from '../context/storage.js';
import { isThenable } from '../context/thenable.js';
import { storeOf } from './request-entrance.js';
import { requestOf } from './request-of.js';
import { isUntenanted } from './untenanted.decorator.js';

const INTERCEPTORS = '__interceptors__';

/**
 * C6: holds each interceptor of an application to the context of the request: where one goes on from a callback of a shared
 * connection, the handler, and what this and other interceptors have put behind it, would run as another tenant. Handlers
 * without interceptors pay nothing.
 *
 * An interceptor that enters a tenant of its own is left alone: what it goes on in is work of the request.
 */
@Injectable()
export class Interceptors {
  constructor(
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
  ) {}

  /** Called once everything is made. */
  hold(): void {
    const { config, modules } = this;
    for (const interceptor of config.getGlobalInterceptors()) hold(interceptor);
    for (const { metatype } of config.getGlobalRequestInterceptors()) hold(prototypeOf(metatype));
    const scanner = new MetadataScanner();
    for (const { injectables, controllers, providers } of modules.values()) {
      for (const wrapper of injectables.values()) {
        // One that is made anew for each request has no instance yet.
        hold(
          wrapper.isDependencyTreeStatic() && !wrapper.isTransient ? wrapper.instance : prototypeOf(wrapper.metatype),
        );
      }
      for (const { metatype } of [...controllers.values(), ...providers.values()]) {
        const prototype = prototypeOf(metatype);
        if (!prototype) continue;
        // Those that are given as instances are no provider's.
        holdGiven(metatype as object);
        for (const method of scanner.getAllMethodNames(prototype))
          holdGiven((prototype as Record<string, object>)[method]);
      }
    }
  }
}

function holdGiven(target: object | undefined): void {
  if (typeof target !== 'function') return;
  for (const given of (Reflect.getMetadata(INTERCEPTORS, target) as unknown[] | undefined) ?? []) {
    if (typeof given === 'object') hold(given);
  }
}

const prototypeOf = (metatype: unknown): object | undefined =>
  typeof metatype === 'function' ? (metatype.prototype as object | undefined) : undefined;

function hold(candidate: unknown): void {
  const interceptor = candidate as NestInterceptor | null | undefined;
  if (typeof interceptor?.intercept !== 'function' || !Object.isExtensible(interceptor)) return;
  const { intercept } = interceptor;
  if (held.has(intercept)) return;
  interceptor.intercept = function (this: NestInterceptor, context, next) {
    const own = ownStore(context);
    // Of an application without tenants that shares it.
    if (!own) return intercept.call(this, context, next);
    const result = intercept.call(this, context, { handle: () => goOn(own, next) });
    return isThenable(result) ? result.then((late) => heldResult(own, late)) : heldResult(own, result);
  };
  held.add(interceptor.intercept);
}

// By the function: a class may inherit one that is held, and override it.
const held = new WeakSet<NestInterceptor['intercept']>();

const heldResult = <T>(own: TenantStore, result: T): T =>
  typeof result === 'object' && result !== null && isObservable(result) ? (heldTo(own, result) as T) : result;

/** The store for the interceptor and all that is behind it: the active one, unless that is another request's. */
function ownStore(context: ExecutionContext): TenantStore | undefined {
  const active = storage.getStore();
  const request = requestOf(context);
  const entered = request && storeOf(request);
  if (!entered || isWorkOf(entered, active)) return active;
  // In GraphQL an untenanted resolver is called outside its request's context.
  return isUntenanted(context) ? storage.run(entered, storeFor, null) : entered;
}

function goOn(own: TenantStore, next: CallHandler): Observable<unknown> {
  const active = storage.getStore();
  const into = active && active !== own.origin && isWorkOf(own.origin ?? own, active) ? active : own;
  return new Held(into, into === active ? next.handle() : storage.run(into, () => next.handle()));
}
