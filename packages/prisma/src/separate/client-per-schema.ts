import type { TenantPoolLike } from '@tenancy/core/adapter';
import type { ClientSource } from '../client/client-source.js';
import type { RawClient } from '../client/raw-client.js';
import { ClientPerTenant } from './client-per-tenant.js';

/** P27: a client for each schema over one pool, so that models and raw SQL agree on where the tenant's tables are. */
export function clientPerSchema(
  template: RawClient,
  open: (schema: string) => RawClient,
  floor: TenantPoolLike,
  maxClients?: number,
): ClientSource {
  const clients = new ClientPerTenant(open, maxClients === undefined ? {} : { max: maxClients });
  return {
    template,
    lease: () => clients.lease(floor.currentSchema ?? 'public'),
    connect: async () => {},
    disconnect: async () => {
      await clients.close();
      await template.$disconnect();
    },
  };
}
