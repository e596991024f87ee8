import type { DirectoryStatus, DirectoryTenant } from './directory-tenant.js';

/** Columns of {@link TenantRow}, of the table `t`. */
export const COLUMNS = `t.id, t.slug, t.status, t.name, t.plan, t.settings::text as settings, t.place::text as place,
  to_char(t.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at`;

/** Tenants that nobody finds: not there yet, or no more. */
export const THERE = `t.status not in ('provisioning', 'deleted')`;

/** A row of the directory, as text. */
export interface TenantRow {
  readonly id: string;
  readonly slug: string;
  readonly status: DirectoryStatus;
  readonly name: string;
  readonly plan: string | null;
  readonly settings: string;
  readonly place: string;
  readonly created_at: string;
}

export function tenantOf<Settings>(row: TenantRow): DirectoryTenant<Settings> {
  const { settings, place, created_at: createdAt, ...fields } = row;
  const tenant = { ...fields, settings: JSON.parse(settings), place: JSON.parse(place), createdAt };
  return tenant as unknown as DirectoryTenant<Settings>;
}
