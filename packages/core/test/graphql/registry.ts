import { type Tenant, TenantRegistry } from '../../src/index.js';
import { acme, closed, globex } from '../server.js';

/** A registry in which a tenant can be suspended while it is connected. */
export class MutableRegistry extends TenantRegistry {
  readonly suspended = new Set<string>(['t_closed']);

  async findById(id: string): Promise<Tenant | null> {
    return this.#find((tenant) => tenant.id === id);
  }

  async findBySlug(slug: string): Promise<Tenant | null> {
    return this.#find((tenant) => tenant.slug === slug);
  }

  #find(is: (tenant: Tenant) => boolean): Tenant | null {
    const tenant = [acme, globex, closed].find(is);
    return tenant ? { ...tenant, status: this.suspended.has(tenant.id) ? 'suspended' : 'active' } : null;
  }
}
