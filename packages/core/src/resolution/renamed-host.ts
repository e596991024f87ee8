import { lookupOf } from '../registry/lookup.js';
import type { TenantRegistry } from '../registry/tenant-registry.js';
import type { TenantRequest, TenantSource } from './tenant-source.js';

/**
 * The host of now of the tenant that `request` names by a former slug; `null` where it names none so. Nothing else of the request counts: it is
 * the same with a token of that tenant's, of another one's, and with none.
 */
export function renamedHost(
  sources: readonly TenantSource[],
  registry: TenantRegistry,
  request: TenantRequest,
): Promise<string | null> | null {
  if (typeof registry.findByFormerSlug !== 'function') return null;
  for (const source of sources) {
    if (!source.renamedHost) continue;
    const hint = source.identify(request);
    if (hint === null || hint instanceof Promise || lookupOf(hint) !== 'slug') continue;
    const { slug } = hint as { readonly slug: string };
    return hostOf(source, registry, request, slug);
  }
  return null;
}

async function hostOf(
  source: TenantSource,
  registry: TenantRegistry,
  request: TenantRequest,
  slug: string,
): Promise<string | null> {
  // Both are asked in any case, so that a refusal takes as long for a slug that there is as for one that there is not.
  const [holder, renamed] = await Promise.all([registry.findBySlug(slug), registry.findByFormerSlug?.(slug)]);
  const tenant = holder === null ? (renamed ?? null) : null;
  return tenant === null ? null : (source.renamedHost?.(request, tenant.slug) ?? null);
}
