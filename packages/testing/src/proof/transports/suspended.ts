import type { INestApplication } from '@nestjs/common';
import { type Tenant, TenantRegistry } from '@tenancy/core';

/** Does `work` while the application's registry says of `tenant` that it is suspended. */
export async function whileSuspended<R>(app: INestApplication, { id }: Tenant, work: () => Promise<R>): Promise<R> {
  const registry = app.get(TenantRegistry, { strict: false }) as TenantRegistry & { peek?: unknown };
  const { findById, list } = registry;
  const now = (tenant: Tenant | null) => (tenant?.id === id ? { ...tenant, status: 'suspended' } : tenant);
  const replaced = {
    findById: async (wanted: string) => now(await findById.call(registry, wanted)),
    async *list() {
      for await (const tenant of list?.call(registry) ?? []) yield now(tenant) as Tenant;
    },
    // Of a cache: it has to be asked.
    ...('peek' in registry && { peek: () => undefined }),
  };
  Object.assign(registry, replaced);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(replaced)) delete (registry as unknown as Record<string, unknown>)[name];
  }
}
