import { InMemoryTenantRegistry, type Tenant } from '../../src/index.js';

export const acme = { id: 't_acme', slug: 'acme' };
export const globex = { id: 't_globex', slug: 'globex' };
export const initech = { id: 't_initech', slug: 'initech' };

/** A registry whose tenants can change while it is asked. */
export class ChangingRegistry extends InMemoryTenantRegistry {
  readonly changed = new Map<string, Tenant | null>();

  override async findById(id: string): Promise<Tenant | null> {
    const changed = this.changed.get(id);
    return changed === undefined ? super.findById(id) : changed;
  }
}

/** Waits for something to become true. */
export async function eventually(condition: () => unknown, within = 20_000): Promise<void> {
  const end = Date.now() + within;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Never: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
