import type { Tenant } from '@tenancy/core';
import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireList, requireName, requireOptions } from '../../errors/require-arguments.js';
import { TenantFloorError } from '../../errors/tenant-floor-error.js';
import { quotedSchema } from '../../isolation/schema-name.js';
import type { SchemaTargets, Tenants } from './targets.js';
import { listed, requireTenants } from './tenants.js';

/** Options of {@link eachSchema}. */
export interface EachSchemaOptions {
  /** The tenants: a list, or a registry that has `list()`. */
  readonly tenants: Tenants;
  /**
   * The name of a tenant's schema, as `schemaPerTenant` has it.
   * @defaultValue `` (tenant) => `tenant_${tenant.id}` ``
   */
  readonly name?: (tenant: Tenant) => string;
  /**
   * Schemas that migrations may name: those of extensions, and of tables that everybody reads.
   * @defaultValue `[]`
   */
  readonly shared?: readonly string[];
  /**
   * The role that the application connects as. It may use each schema and read and write its tables, sequences and functions.
   * @defaultValue nobody is granted anything
   */
  readonly role?: string;
}

/**
 * Migrations run in the schema of each tenant. A tenant that has none yet gets one, in the transaction of its first migrations.
 *
 * @throws TenantFloorError `floor_misconfigured` when an option is wrong.
 */
export function eachSchema(options: EachSchemaOptions): SchemaTargets {
  requireOptions('eachSchema', options, 'tenants');
  const { tenants, name = ({ id }) => `tenant_${id}`, shared = [], role } = options;
  refuseUnknown('eachSchema', options, ['tenants', 'name', 'shared', 'role']);
  requireTenants('eachSchema', tenants);
  requireList('eachSchema', 'shared', shared);
  if (role !== undefined) requireName('eachSchema', 'role', role);
  if (typeof name !== 'function')
    throw misconfigured("eachSchema: the option `name` is not a function. Return the schema's name from it.");
  return {
    kind: 'schemas',
    shared,
    role: role ?? null,
    async list() {
      const targets = (await listed(tenants)).map((tenant) => {
        const schema = name(tenant);
        quotedSchema(schema, shared);
        return { tenant: tenant.id, schema };
      });
      const owners = new Map<string, string>();
      for (const { tenant, schema } of targets) {
        if (owners.has(schema)) {
          throw new TenantFloorError(
            'tenant_unplaceable',
            `eachSchema: two tenants have the schema ${JSON.stringify(schema)}. Make \`name\` answer differently for every tenant.`,
          );
        }
        owners.set(schema, tenant);
      }
      return targets;
    },
  };
}
