import { TenantContextMissingError } from './errors/context-errors.js';
import { isUsableTenantId } from './tenant-id.js';

/**
 * Declaration of the extra fields of an application's tenants.
 *
 * @example
 * ```ts
 * import '@tenancy/core';
 *
 * declare module '@tenancy/core' {
 *   interface Register {
 *     tenant: { plan: 'free' | 'enterprise' };
 *   }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: only an interface can be augmented.
export interface Register {}

type RegisteredFields = Register extends { tenant: infer Fields } ? Fields : unknown;

/** Only `active` is let in. */
export type TenantStatus = 'active' | 'suspended' | 'archived' | (string & {});

/** A customer of the application, as its registry knows it. */
export type Tenant = {
  /** The stable key that data is stored under: a non-empty string of at most 255 bytes. */
  readonly id: string;
  /** The name in addresses: `acme` in `acme.app.example.com`. */
  readonly slug: string;
  /** @defaultValue `'active'` */
  readonly status?: TenantStatus | null | undefined;
} & Readonly<RegisteredFields>;

/**
 * The tenant as it travels: frozen, because one cached object serves many requests, and a handler that wrote to its
 * `id` would move them all to another tenant.
 *
 * @throws `tenant_context_missing` when it has no usable `id` (P2: an undefined id in a `where` means every tenant).
 */
export function admit(tenant: Tenant): Tenant {
  if (!isUsableTenantId(tenant?.id)) {
    throw new TenantContextMissingError(
      'a context cannot be entered without a tenant `id`, a non-empty string of at most 255 bytes. ' +
        'Pass a tenant as the registry returns it.',
    );
  }
  if (Object.isFrozen(tenant) && Object.hasOwn(tenant, 'id')) return tenant;
  const admitted = Object.assign(Object.create(Object.getPrototypeOf(tenant) as object) as Tenant, tenant);
  // From a getter they could change while work goes on.
  for (const key of ['id', 'slug', 'status'] as const)
    if (!Object.hasOwn(admitted, key) && key in tenant)
      Object.defineProperty(admitted, key, { value: tenant[key], enumerable: true });
  keepBehaviour(admitted, tenant);
  return Object.freeze(admitted);
}

/**
 * Calls the methods and getters of a tenant's class on the object that the registry gave: `#private` fields, and what is
 * kept in a WeakMap, are of that one, and in no copy of it.
 */
function keepBehaviour(admitted: Tenant, tenant: Tenant): void {
  for (let at = Object.getPrototypeOf(tenant); at && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const key of Reflect.ownKeys(at)) {
      if (key === 'constructor' || Object.hasOwn(admitted, key)) continue;
      const { value, get } = Object.getOwnPropertyDescriptor(at, key) ?? {};
      if (get) Object.defineProperty(admitted, key, { get: () => Reflect.apply(get, tenant, []) });
      else if (typeof value === 'function') Object.defineProperty(admitted, key, { value: value.bind(tenant) });
    }
}
