import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import { TenantResolver } from '../resolution/tenant-resolver.js';
import type { TenantRequest } from '../resolution/tenant-source.js';
import { askLater } from './admit-request.js';
import { enterRequest, reenterRequest, storeOf } from './request-entrance.js';

/**
 * The entrance as a middleware. The module mounts a faster one by itself; apply this right after a middleware that
 * loses the context of its request, and the request goes on in its own again.
 *
 * @example
 * ```ts
 * import type { MiddlewareConsumer, NestModule } from '@nestjs/common';
 * import { TenantResolverMiddleware } from '@tenancy/core';
 *
 * declare const legacySession: () => void;
 *
 * class AppModule implements NestModule {
 *   configure(consumer: MiddlewareConsumer) {
 *     consumer.apply(legacySession, TenantResolverMiddleware).forRoutes('*path');
 *   }
 * }
 * ```
 */
@Injectable()
export class TenantResolverMiddleware implements NestMiddleware<TenantRequest, object> {
  constructor(@Inject(TenantResolver) private readonly resolver: TenantResolver) {}

  use(request: TenantRequest, response: object, next: (error?: unknown) => void): void {
    const store = storeOf(request);
    if (store) {
      reenterRequest(store, next);
      return;
    }
    askLater(this.resolver, request);
    enterRequest(this.resolver, request, next, response);
  }
}
