import type { Tenant } from '@tenancy/core';
import type { Canary } from './canary.js';
import { CanaryRegistry } from './canary-registry.js';
import type { Planted } from './planted.js';

const KEY = Symbol.for('@tenancy/testing:canaries');
const shared = globalThis as { [KEY]?: Set<CanaryRegistry> };

/** The registries that matchers look into, shared by every copy of this package in the process. */
const known = (shared[KEY] ??= new Set());

/** Lets matchers know the canaries of a registry. */
export function rememberCanaries(registry: CanaryRegistry): void {
  known.add(registry);
}

export function forgetCanaries(registry: CanaryRegistry): void {
  known.delete(registry);
}

/** Every canary of `tenant` in the process, whoever planted it. */
export function knownCanaries(tenant: Tenant): Canary[] {
  return [...known].filter((registry) => registry.has(tenant)).flatMap((registry) => [...registry.of(tenant)]);
}

/** Every canary of the other tenants, in the registries that know `tenant`. */
export function knownCanariesOfOthers(tenant: Tenant): Canary[] {
  return [...known].filter((registry) => registry.has(tenant)).flatMap((registry) => [...registry.ofOthers(tenant)]);
}

const planted = new CanaryRegistry();

/**
 * Tells the matchers what is `tenant`'s, in a test that has no harness: rows by the name of their resource, as `seed`
 * answers them.
 *
 * @example
 * ```ts
 * import { plantCanaries } from '@tenancy/testing';
 *
 * const globex = { id: 't_globex', slug: 'globex' };
 * plantCanaries(globex, { job: { id: 90817, title: 'Reactor technician' } });
 * ```
 */
export function plantCanaries(tenant: Tenant, rows: Planted): void {
  rememberCanaries(planted);
  planted.add(tenant);
  planted.plantRows(tenant, rows);
}
