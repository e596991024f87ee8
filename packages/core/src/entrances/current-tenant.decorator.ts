import { createParamDecorator } from '@nestjs/common';
import { TenantContext } from '../context/tenant-context.js';
import type { Tenant } from '../tenant.js';

const context = new TenantContext();

/**
 * The tenant of the request, or one of its fields, as a parameter of a handler.
 *
 * @throws `tenant_context_missing` on an `@Untenanted()` route.
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
  (field: keyof Tenant | undefined) => (field === undefined ? context.current() : context.current()[field]),
);
