import { type ExecutionContext, Inject, Injectable, Optional } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import { rpcException, wsException } from '../peer.js';
import { TenantResolver } from '../resolution/tenant-resolver.js';
import { askForCount, countedTenant } from './counted-tenant.js';
import { type LimitedCall, limitedCall } from './limited-call.js';
import { isAcrossTenants } from './limits.js';

/**
 * Takes the place of Nest's `ThrottlerGuard`, and counts for each tenant by itself: what one tenant's callers do never refuses another's,
 * though they come from one address. `ThrottlerModule`, its storages, `@Throttle` and `@SkipThrottle` stay as they are.
 *
 * What runs without a tenant is counted as nobody's. Handlers of GraphQL, gateways and messages are limited, too.
 *
 * @example
 * ```ts
 * import { Module } from '@nestjs/common';
 * import { APP_GUARD } from '@nestjs/core';
 * import { ThrottlerModule } from '@nestjs/throttler';
 * import { TenantThrottlerGuard } from '@tenancy/core/throttler';
 *
 * @Module({
 *   imports: [ThrottlerModule.forRoot([{ limit: 20, ttl: 1_000 }])],
 *   providers: [{ provide: APP_GUARD, useClass: TenantThrottlerGuard }],
 * })
 * export class AppModule {}
 * ```
 */
@Injectable()
export class TenantThrottlerGuard extends ThrottlerGuard {
  @Optional()
  @Inject(TenantResolver)
  private readonly resolver?: TenantResolver;

  /** @internal */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.resolver?.asksAfter('guards')) await askForCount(context, this.resolver);
    return super.canActivate(context);
  }

  /** X1: whatever makes the key, of the module, a route or a subclass, the owner stands before it. */
  protected override handleRequest(request: ThrottlerRequest): Promise<boolean> {
    const owner = isAcrossTenants(request.throttler) ? 's' : ownerOf(request.context);
    const generateKey: ThrottlerRequest['generateKey'] = (context, tracker, name) =>
      `tenancy/${owner}/${request.generateKey(context, tracker, name)}`;
    return super.handleRequest({ ...request, generateKey });
  }

  protected override getRequestResponse(context: ExecutionContext): LimitedCall {
    return limitedCall(context);
  }

  protected override async throwThrottlingException(
    ...[context, detail]: Parameters<ThrottlerGuard['throwThrottlingException']>
  ): Promise<void> {
    const type = context.getType<string>();
    if (type !== 'ws' && type !== 'rpc') return super.throwThrottlingException(context, detail);
    // Nest tells clients of sockets and messages of no other exception than these.
    const Exception = (await (type === 'ws' ? wsException() : rpcException())) as new (message: string) => Error;
    throw new Exception(await this.getErrorMessage(context, detail));
  }
}

/** A slash is written otherwise in an id, so that no two owners have a key in common. */
function ownerOf(context: ExecutionContext): string {
  const tenant = countedTenant(context);
  return tenant ? `t/${encodeURIComponent(tenant.id)}` : 'n';
}
