import type { TenantContext } from '@tenancy/core';
import type { ClassifyEntitiesOptions } from './schema/classify-entities.js';
import type { EntityReference } from './schema/entity-metadata.js';

/** Options of `tenantScoped`. */
export interface TenantScopedOptions extends ClassifyEntitiesOptions {
  /** The source of the current tenant. */
  readonly context: Pick<TenantContext, 'tenantId' | 'isActive'>;
  /**
   * The entities of tenants some of whose rows have no tenant (`null`) and are everybody's: each tenant reads those beside its own, and
   * only an `AdminDataSource` writes them.
   * @defaultValue `[]`
   */
  readonly sharedRows?: readonly EntityReference[];
  /**
   * Functions that SQL in builders may call besides those of the database that are known to be harmless: of the application's own, or
   * of an extension. Named as they are called: `similarity`, `app.visible_to`. Such a function must neither read nor change what is
   * another tenant's. Not needed with a tenant pool of @tenancy/postgres below.
   * @defaultValue `[]`
   */
  readonly allowedFunctions?: readonly string[];
}

/** Every option of a scoped data source but the context; the compiler tells of one that is missing. */
const SCOPE: { readonly [option in keyof Omit<TenantScopedOptions, 'context'>]-?: true } = {
  shared: true,
  tenantProperty: true,
  allowedFunctions: true,
  sharedRows: true,
};

export const SCOPE_OPTIONS: readonly string[] = Object.keys(SCOPE);
