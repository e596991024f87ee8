import { isTenancyError } from '../errors/brand.js';
import { TenantRegistryUnavailableError } from '../errors/refusals.js';
import type { TenancyError } from '../errors/tenancy-error.js';
import type { Tenant } from '../tenant.js';
import type { TenantHint, TenantRegistry } from './tenant-registry.js';

/** The ways a registry is asked. */
export type Lookup = 'id' | 'slug' | 'domain' | 'former slug';

/** The one name that a hint gives: `null` where it gives none, or several, of which none is the stronger. `undefined` is no name. */
export function lookupOf(hint: TenantHint): HintLookup | null {
  const { id, slug, domain } = hint as { readonly [name in HintLookup]?: unknown };
  if (slug !== undefined) return id === undefined && domain === undefined ? 'slug' : null;
  if (id !== undefined) return domain === undefined ? 'id' : null;
  if (domain !== undefined) return 'domain';
  // A source that has looked where it should, and found nothing there, names nobody.
  return LOOKUPS.find((name) => name in hint) ?? null;
}

/** Ways that a source may name. */
type HintLookup = Exclude<Lookup, 'former slug'>;

const LOOKUPS = ['slug', 'id', 'domain'] as const;

/** Asks `registry` once. Whatever it answers with, or throws, comes as a promise of our own. */
export async function find(registry: TenantRegistry, lookup: Lookup, name: string): Promise<Tenant | null> {
  switch (lookup) {
    case 'id':
      return registry.findById(name);
    case 'slug':
      return registry.findBySlug(name);
    case 'domain':
      return (await registry.findByDomain?.(name)) ?? null;
    case 'former slug':
      return (await registry.findByFormerSlug?.(name)) ?? null;
  }
}

/** The error for a look-up that failed with `error`, whichever registry was asked: one of a test may have no such method. */
export function failedLookup(lookup: Lookup, error: unknown): TenancyError {
  if (isTenancyError(error, 'tenant_registry_unavailable')) return error;
  return new TenantRegistryUnavailableError(
    `the registry threw on a look-up by ${lookup}; see the cause. Only \`null\` says that a tenant does not exist.`,
    error,
  );
}
