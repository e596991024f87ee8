import type { INestApplication } from '@nestjs/common';
import { type Tenant, TenantRegistry } from '@tenancy/core';
import { HarnessMisuseError } from '../misuse.js';

/** @throws HarnessMisuseError when the application is not tenanted, or does not know one of `tenants`. */
export async function checkKnown(app: INestApplication, tenants: readonly Tenant[]): Promise<void> {
  const registry = registryOf(app);
  for (const { id, slug } of tenants) {
    const [byId, bySlug] = await Promise.all([registry.findById(id), registry.findBySlug(slug.toLowerCase())]);
    if (byId?.slug !== slug || bySlug?.id !== id) {
      throw new HarnessMisuseError(
        `the application's registry does not know the tenant ${JSON.stringify({ id, slug })}: ` +
          `by its id it finds ${named(byId)}, by its slug ${named(bySlug)}.`,
        'Pass tenants as the registry has them, or create them in `prepare`.',
      );
    }
    if ((byId.status ?? 'active') !== 'active') {
      throw new HarnessMisuseError(
        `the tenant ${slug} is ${byId.status} in the application's registry, so that everything it asks is refused.`,
        'Make it active.',
      );
    }
  }
}

function registryOf(app: INestApplication): TenantRegistry {
  try {
    return app.get(TenantRegistry, { strict: false });
  } catch (cause) {
    throw new HarnessMisuseError(
      'the application does not import TenancyModule, so it has no tenants to keep apart.',
      'Pass the module that `main.ts` starts, with `TenancyModule.forRoot(…)` among its imports.',
      { cause },
    );
  }
}

const named = (tenant: Tenant | null) => (tenant ? JSON.stringify({ id: tenant.id, slug: tenant.slug }) : 'nobody');
