import type { ExecutionContext } from '@nestjs/common';
import type { ThrottlerOptions } from '@nestjs/throttler';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireFunction } from '../errors/require-function.js';
import type { Tenant } from '../tenant.js';
import { countedTenant } from './counted-tenant.js';

const ACROSS = Symbol.for('@tenancy/core:counted-across-tenants');

/** A whole number, or what makes it from the tenant's own fields. */
type OfTenant = number | ((tenant: Tenant) => number | Promise<number>);

/** Options of {@link tenantLimit}. */
export interface TenantLimitOptions {
  /** The name of the limit, which `@SkipThrottle({ [name]: true })` and the headers of an answer call it by. */
  readonly name: string;
  /** Calls within `ttl`, of all routes together. */
  readonly limit: OfTenant;
  /** Milliseconds that a call counts for. */
  readonly ttl: OfTenant;
  /**
   * Milliseconds that the tenant is refused for once it is over its limit.
   * @defaultValue `ttl`
   */
  readonly blockDuration?: OfTenant | undefined;
  /**
   * Divides the count of the tenant, such as by user: `(request) => request.user.id`.
   * @defaultValue nothing: one count for the tenant as a whole
   */
  // biome-ignore lint/suspicious/noExplicitAny: requests are any, as Nest's own guard declares them.
  readonly by?: ((request: Record<string, any>, context: ExecutionContext) => string | Promise<string>) | undefined;
}

/**
 * A limit for a tenant as a whole, over all routes and callers, beside those of `ThrottlerModule`. What runs without a tenant does not
 * count, and neither does any other tenant.
 *
 * @throws `tenancy_misconfigured` for an option that is wrong or unknown.
 * @example
 * ```ts
 * import { ThrottlerModule } from '@nestjs/throttler';
 * import { tenantLimit } from '@tenancy/core/throttler';
 *
 * export const limits = ThrottlerModule.forRoot([
 *   { limit: 20, ttl: 1_000 }, // each caller of each tenant, on each route
 *   tenantLimit({ name: 'tenant', limit: ({ slug }) => (slug === 'acme' ? 10_000 : 1_000), ttl: 60_000 }),
 * ]);
 * ```
 */
export function tenantLimit(options: TenantLimitOptions): ThrottlerOptions {
  refuseUnknown('tenantLimit', options, ['name', 'limit', 'ttl', 'blockDuration', 'by']);
  const { name, limit, ttl, blockDuration, by } = options ?? {};
  if (typeof name !== 'string' || name === '') {
    throw new TenancyConfigurationError('tenantLimit.name', 'is missing', "Name it: `name: 'tenant'`.");
  }
  if (by !== undefined) requireFunction('tenantLimit.by', by);
  return {
    name,
    limit: resolvable('limit', limit),
    ttl: resolvable('ttl', ttl),
    ...(blockDuration !== undefined && { blockDuration: resolvable('blockDuration', blockDuration) }),
    skipIf: (context) => countedTenant(context) === null,
    getTracker: (request, context) => (by ? by(request, context) : ''),
    // Its own tenant, too: under Nest's own guard it would be one count for everybody.
    generateKey: (context, tracker) => JSON.stringify(['limit', name, countedTenant(context)?.id, String(tracker)]),
  };
}

/**
 * A number from the tenant's own fields, for `limit`, `ttl` and `blockDuration` of `ThrottlerModule` and `@Throttle`.
 *
 * @param otherwise - where there is no tenant, as on an `@Untenanted()` route
 * @throws `tenancy_misconfigured` without a function, or without the number.
 * @example
 * ```ts
 * import { Throttle } from '@nestjs/throttler';
 * import { byTenant } from '@tenancy/core/throttler';
 *
 * class ExportController {
 *   @Throttle({ default: { limit: byTenant(({ slug }) => (slug === 'acme' ? 100 : 5), 1), ttl: 60_000 } })
 *   start() {}
 * }
 * ```
 */
export function byTenant(
  fn: (tenant: Tenant) => number | Promise<number>,
  otherwise: number,
): (context: ExecutionContext) => number | Promise<number> {
  requireFunction('byTenant', fn);
  if (!Number.isSafeInteger(otherwise) || otherwise < 0) {
    throw new TenancyConfigurationError(
      'byTenant',
      'has no number for calls without a tenant, a whole one from 0',
      'Pass it second.',
    );
  }
  return (context) => {
    const tenant = countedTenant(context);
    return tenant ? fn(tenant) : otherwise;
  };
}

/**
 * A limit that is counted for all tenants together, as without tenants: of an address that tries one tenant's door after the other.
 *
 * @throws `tenancy_misconfigured` without options.
 * @example
 * ```ts
 * import { ThrottlerModule } from '@nestjs/throttler';
 * import { acrossTenants } from '@tenancy/core/throttler';
 *
 * export const limits = ThrottlerModule.forRoot([
 *   { limit: 20, ttl: 1_000 },
 *   acrossTenants({ name: 'address', limit: 500, ttl: 60_000 }),
 * ]);
 * ```
 */
export function acrossTenants(options: ThrottlerOptions): ThrottlerOptions {
  if (typeof options !== 'object' || options === null) {
    throw new TenancyConfigurationError('acrossTenants', 'is given no limit', 'Pass `{ name, limit, ttl }`.');
  }
  return { ...options, [ACROSS]: true } as ThrottlerOptions;
}

/** True for what {@link acrossTenants} has made, and for a copy of it: Nest makes one. */
export const isAcrossTenants = (throttler: object): boolean => ACROSS in throttler;

/** With a `ttl` of 0 nothing is ever counted. */
const LEAST = { limit: 0, ttl: 1, blockDuration: 0 } as const;

function resolvable(
  option: keyof typeof LEAST,
  value: OfTenant,
): (context: ExecutionContext) => number | Promise<number> {
  if (typeof value !== 'function') {
    const number = checked(option, value);
    return () => number;
  }
  return async (context) => {
    const tenant = countedTenant(context);
    // Nest asks only for what is not skipped.
    return tenant ? checked(option, await value(tenant)) : 0;
  };
}

function checked(option: keyof typeof LEAST, value: unknown): number {
  const least = LEAST[option];
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw new TenancyConfigurationError(
    `tenantLimit.${option}`,
    `is neither a whole number from ${least} nor a function that answers with one`,
    'Correct it.',
  );
}
