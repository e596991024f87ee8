import type { Tenant } from '../tenant.js';
import type { TenantHint, TenantRegistry } from './tenant-registry.js';

/** The three ways a registry is asked. */
export type Lookup = 'id' | 'slug' | 'domain';

export function lookupOf(hint: TenantHint): Lookup | null {
  if ('slug' in hint) return 'slug';
  if ('id' in hint) return 'id';
  return 'domain' in hint ? 'domain' : null;
}

/** Asks `registry` once. Whatever it answers with, or throws, comes as a promise of our own. */
export async function find(registry: TenantRegistry, lookup: Lookup, name: string): Promise<Tenant | null> {
  switch (lookup) {
    case 'id':
      return registry.findById(name);
    case 'slug':
      return registry.findBySlug(name);
    case 'domain':
      return (await registry.findByDomain?.(name)) ?? null;
  }
}
