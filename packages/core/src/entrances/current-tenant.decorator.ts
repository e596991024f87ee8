import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { isWorkOf } from '../context/storage.js';
import { TenantContext } from '../context/tenant-context.js';
import type { Tenant } from '../tenant.js';
import { lostOnTheWay } from './lost-on-the-way.js';
import { storeOf } from './request-entrance.js';
import { requestOf } from './request-of.js';

const context = new TenantContext();

/**
 * The tenant of the request, or one of its fields, as a parameter of a handler.
 *
 * @throws `tenant_context_missing` on an `@Untenanted()` route, and where the request has lost its context on the way.
 * @example
 * ```ts
 * import { Controller, Get } from '@nestjs/common';
 * import { CurrentTenant, type Tenant } from '@tenancy/core';
 *
 * @Controller('greeting')
 * class GreetingController {
 *   @Get()
 *   greet(@CurrentTenant() tenant: Tenant, @CurrentTenant('id') id: string) {
 *     return `Hello ${tenant.slug} (${id})`;
 *   }
 * }
 * ```
 */
export const CurrentTenant: (field?: keyof Tenant) => ParameterDecorator = createParamDecorator(
  (field: keyof Tenant | undefined, host: ExecutionContext) => {
    const request = requestOf(host);
    const entered = request && storeOf(request);
    // C6: something between the guard and the handler went on from someone else's callback.
    if (entered && !isWorkOf(entered)) throw lostOnTheWay();
    return field === undefined ? context.current() : context.current()[field];
  },
);
