import { isTenancyError } from '../errors/brand.js';
import { find, lookupOf } from '../registry/lookup.js';
import type { TenantHint, TenantRegistry } from '../registry/tenant-registry.js';
import { isUsableTenantId } from '../tenant-id.js';
import type { TenantRequest, TenantSource } from './tenant-source.js';
import { identifiedBy } from './whole-request.js';

/** The result of asking `source` about `request`, in words for a log. It names no secret and no token: sources tell no more of them than why. */
export async function explanationOf(
  source: TenantSource,
  request: TenantRequest,
  registry: TenantRegistry,
): Promise<string> {
  const said = await spoken(source, request, registry).catch(() => 'failed');
  return `${source.name}: ${said}`;
}

async function spoken(source: TenantSource, request: TenantRequest, registry: TenantRegistry): Promise<string> {
  const hint = await identified(source, request);
  const lookup = hint === null ? null : lookupOf(hint);
  const name: unknown = lookup === null ? null : (hint as unknown as Record<string, unknown>)[lookup];
  if (lookup === null || !isUsableTenantId(name)) {
    const why = await source.explain?.(request);
    return why ?? (hint === null ? 'nothing to say' : 'names nobody');
  }
  const tenant = await find(registry, lookup, name);
  const named = `the ${lookup} ${JSON.stringify(name)}`;
  if (tenant === null) {
    // What an application's own function has read may be anything, such as a cookie.
    const unknown = source.after === undefined ? named : `some ${lookup} of ${name.length} characters`;
    return `names ${unknown}, and the registry knows no such tenant`;
  }
  const { status } = tenant;
  return `names ${named}${(status ?? 'active') === 'active' ? '' : `, whose status is ${JSON.stringify(status)}`}`;
}

// A source may refuse by itself, as `fromJwt({ onInvalid: 'refuse' })` does.
async function identified(source: TenantSource, request: TenantRequest): Promise<TenantHint | null> {
  try {
    return await identifiedBy(source, request);
  } catch (error) {
    if (isTenancyError(error)) return null;
    throw error;
  }
}
