import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { type ApplicationConfig, MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { corridorFor, isWorkOf, storage } from '../context/storage.js';
import { corridorOf } from './request-entrance.js';
import { requestOf } from './request-of.js';
import { isUntenanted } from './untenanted.decorator.js';

const INTERCEPTORS = '__interceptors__';
const HELD = Symbol.for('@tenancy/core:held-interceptor');

type Held = NestInterceptor & { [HELD]?: true };

/**
 * C6: holds each interceptor of an application to the context of the request: one that goes on from a callback of a shared
 * connection would run the handler as another tenant. Handlers without interceptors pay nothing, those with some a comparison.
 *
 * An interceptor that enters a tenant of its own is left alone: what it goes on in is work of the request.
 */
export function holdInterceptors(config: ApplicationConfig, modules: ModulesContainer): void {
  for (const interceptor of config.getGlobalInterceptors()) hold(interceptor);
  for (const { metatype } of config.getGlobalRequestInterceptors()) hold(prototypeOf(metatype));
  const scanner = new MetadataScanner();
  for (const { injectables, controllers, providers } of modules.values()) {
    for (const wrapper of injectables.values()) {
      // One that is made anew for each request has no instance yet.
      hold(wrapper.isDependencyTreeStatic() && !wrapper.isTransient ? wrapper.instance : prototypeOf(wrapper.metatype));
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

function holdGiven(target: object | undefined): void {
  if (typeof target !== 'function') return;
  for (const given of (Reflect.getMetadata(INTERCEPTORS, target) as unknown[] | undefined) ?? []) {
    if (typeof given === 'object') hold(given);
  }
}

const prototypeOf = (metatype: unknown): object | undefined =>
  typeof metatype === 'function' ? (metatype.prototype as object | undefined) : undefined;

function hold(candidate: unknown): void {
  const interceptor = candidate as Held | null | undefined;
  if (typeof interceptor?.intercept !== 'function' || interceptor[HELD] || !Object.isExtensible(interceptor)) return;
  const { intercept } = interceptor;
  interceptor.intercept = function (this: NestInterceptor, context, next) {
    return intercept.call(this, context, { handle: () => goOn(context, next) });
  };
  interceptor[HELD] = true;
}

function goOn(context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
  const request = requestOf(context);
  const entered = request && corridorOf(request);
  if (!entered || isWorkOf(entered)) return next.handle();
  // In GraphQL an untenanted resolver is called outside its request's context.
  const own = isUntenanted(context) ? storage.run(entered, corridorFor, null) : entered;
  return storage.run(own, () => next.handle());
}
