import type { ClientBase } from 'pg';
import type { TenantPlace } from '../../isolation/tenant-place.js';
import type { TenantPlaces } from '../places/tenant-places.js';
import { type PlacedTable, tenantTables } from '../places/tenant-tables.js';
import { TenantsError } from '../tenants-error.js';

/**
 * The tables of a tenant in a place. The column of the tenant is known for those of its own schema, too, which have it by the same migrations.
 *
 * @throws as `tenantTables`, but for foreign keys in a circle; TenantsError `place_unusable` for two tables of one name.
 */
export async function archivedTables(
  client: ClientBase,
  place: TenantPlace,
  places: TenantPlaces,
): Promise<readonly PlacedTable[]> {
  const tables = await tenantTables(client, place, places, 'last');
  const twice = tables.find(({ name }, n) => tables.findIndex((table) => table.name === name) !== n);
  if (twice) {
    throw new TenantsError(
      'place_unusable',
      `there are two tables ${JSON.stringify(twice.name)} in different schemas, which would be one in an archive. Nothing was done. Rename one.`,
    );
  }
  if (place.kind !== 'schema') return tables;
  const { tables: named = [], tenantColumn: usual = 'tenant_id' } = places.policies;
  return tables.map((table) => {
    const column = named.find(({ name }) => name === table.name)?.tenantColumn ?? usual;
    return table.columns.some(({ name }) => name === column) ? { ...table, tenantColumn: column } : table;
  });
}

/** Columns of a table that an archive has: all but the tenant's, which is another one's elsewhere. */
export function archivedColumns({ columns, tenantColumn }: PlacedTable): PlacedTable['columns'] {
  return columns.filter(({ name }) => name !== tenantColumn);
}
