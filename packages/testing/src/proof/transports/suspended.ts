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
    // Of the library's own: the entries of the list as they come.
    ...('listed' in registry && { listed: () => replaced.list() }),
  };
  const own = Object.getOwnPropertyDescriptors(registry);
  Object.assign(registry, replaced);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(replaced)) {
      const before = own[name as keyof typeof own];
      if (before) Object.defineProperty(registry, name, before);
      else delete (registry as unknown as Record<string, unknown>)[name];
    }
  }
}
