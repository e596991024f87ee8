import type { Tenant } from '@tenancy/core';
import type { Isolation } from '../connections/isolation.js';
import { examine } from '../doctor/examine.js';
import { publicTables } from '../doctor/rules/public-tables.js';
import { temporaryTables } from '../doctor/rules/temporary-tables.js';
import { requireCustomSetting } from '../errors/custom-setting.js';
import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireList, requireOptions } from '../errors/require-arguments.js';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { quoted, quotedSchema } from './schema-name.js';

/** Options of {@link schemaPerTenant}. */
export interface SchemaPerTenantOptions {
  /**
   * The name of a tenant's schema. It must be another one for every tenant, and at most 63 bytes long.
   * @defaultValue `` (tenant) => `tenant_${tenant.id}` ``
   */
  readonly name?: (tenant: Tenant) => string;
  /**
   * Schemas that follow the tenant's own in `search_path`: extensions, and tables that every tenant may read. A table
   * that is missing in the tenant's schema is looked for there.
   * @defaultValue `[]`
   */
  readonly shared?: readonly string[];
  /**
   * The setting that carries the tenant's id, for policies on shared tables.
   * @defaultValue `'app.tenant_id'`
   */
  readonly setting?: string;
}

/**
 * A schema for each tenant: the same tables under the same names, found by `search_path`. All tenants share one pool, so
 * the number of connections does not grow with them.
 *
 * Tables that SQL names together with a schema are not moved: `select * from other_schema.job` reads what it says.
 *
 * @throws `floor_misconfigured` when an option is wrong.
 *
 * @example
 * ```ts
 * import { TenantContext } from '@tenancy/core';
 * import { createTenantPool, schemaPerTenant } from '@tenancy/postgres';
 *
 * const pool = createTenantPool({
 *   connectionString: process.env.DATABASE_URL,
 *   context: new TenantContext(),
 *   isolation: schemaPerTenant({ name: (tenant) => `tenant_${tenant.slug}` }),
 * });
 * ```
 */
export function schemaPerTenant(options: SchemaPerTenantOptions = {}): Isolation {
  requireOptions('schemaPerTenant', options);
  const { name = ({ id }) => `tenant_${id}`, shared = [], setting = 'app.tenant_id' } = options;
  refuseUnknown('schemaPerTenant', options, ['name', 'shared', 'setting']);
  requireCustomSetting('schemaPerTenant', setting);
  if (typeof name !== 'function')
    throw misconfigured("schemaPerTenant: the option `name` is not a function. Return the schema's name from it.");
  requireList('schemaPerTenant', 'shared', shared);
  if (shared.includes('$user'))
    throw misconfigured('schemaPerTenant: the option `shared` has "$user". Name the schemas themselves.');
  const sharedPath = shared.map((schema) => `, ${quoted(schema)}`).join('');
  const ownerOf = new Map<string, string>();
  return {
    strategy: 'schema-per-tenant',
    setting,
    place(tenant) {
      const unquoted = nameOf(name, tenant);
      const schema = quotedSchema(unquoted, shared);
      const owner = ownerOf.get(schema);
      if (owner === undefined) ownerOf.set(schema, tenant.id);
      else if (owner !== tenant.id) {
        throw unplaceable('two tenants were given the same schema. Make `name` answer differently for every tenant.');
      }
      return {
        settings: [
          ['search_path', schema + sharedPath],
          [setting, tenant.id],
        ],
        schema: unquoted,
        ownsTables: true,
      };
    },
    verify: (connection) =>
      examine(
        connection,
        { setting, schemas: ['public'], shared: [], tenantColumn: '' },
        shared.includes('public') ? [temporaryTables] : [temporaryTables, publicTables],
      ),
  };
}

function nameOf(name: (tenant: Tenant) => string, tenant: Tenant): string {
  try {
    return name(tenant);
  } catch (cause) {
    throw unplaceable('`name` threw. See the cause.', { cause });
  }
}

function unplaceable(explanation: string, options?: { readonly cause: unknown }): TenantFloorError {
  return new TenantFloorError('tenant_unplaceable', `schemaPerTenant: ${explanation}`, options);
}
