import type { Tenant } from '@tenancy/core';
import { misconfigured } from '../../errors/misconfigured.js';
import { said } from '../../errors/require-arguments.js';
import type { Tenants } from './targets.js';

/** @throws `floor_misconfigured` for what lists no tenants. */
export function requireTenants(place: string, tenants: unknown): void {
  if (streamOf(tenants) !== null) return;
  throw misconfigured(
    `${place}: the option \`tenants\` is ${said(tenants)}, which lists no tenants. Pass a list of them, or a registry that has \`list()\`.`,
  );
}

export async function listed(tenants: Tenants): Promise<readonly Tenant[]> {
  const found: Tenant[] = [];
  for await (const tenant of streamOf(tenants) ?? []) found.push(tenant);
  return found;
}

function streamOf(tenants: unknown): AsyncIterable<Tenant> | Iterable<Tenant> | null {
  if (typeof tenants !== 'object' || tenants === null) return null;
  if (Symbol.iterator in tenants || Symbol.asyncIterator in tenants) return tenants as Iterable<Tenant>;
  const { list } = tenants as { readonly list?: unknown };
  return typeof list === 'function' ? (list.call(tenants) as AsyncIterable<Tenant>) : null;
}
