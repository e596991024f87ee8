import type { TenantEventKind } from '@tenancy/core/lifecycle';
import type { DirectoryDatabase } from './directory-database.js';
import type { DirectoryTenant } from './directory-tenant.js';

/** A domain of a tenant's own. */
export interface TenantDomain {
  readonly domain: string;
  /** Null where it is claimed and not proven yet: nobody is let in by it. */
  readonly verifiedAt: string | null;
}

/** Something that happened to a tenant. */
export interface TenantPast {
  readonly kind: TenantEventKind;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** All that the directory knows of one tenant. */
export interface TenantDetails<Settings = Readonly<Record<string, unknown>>> {
  readonly tenant: DirectoryTenant<Settings>;
  /** Slugs that it had before, which still lead to it. */
  readonly formerSlugs: readonly string[];
  readonly domains: readonly TenantDomain[];
  /** Its last events, the latest first. */
  readonly events: readonly TenantPast[];
}

/** Events of one tenant that are shown. */
const SHOWN = 20;

export async function detailsOf<Settings>(
  database: DirectoryDatabase,
  tenant: DirectoryTenant<Settings>,
): Promise<TenantDetails<Settings>> {
  const [row] = await database.ask<{ details: string }>(SQL, [tenant.id, tenant.slug]);
  return { tenant, ...JSON.parse(row?.details ?? '{}') };
}

const TIME = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

const SQL = `select json_build_object(
  'formerSlugs', (select coalesce(json_agg(slug order by since), '[]') from {s}.slug where tenant_id = $1 and slug <> $2),
  'domains', (select coalesce(json_agg(json_build_object('domain', domain,
      'verifiedAt', to_char(verified_at at time zone 'UTC', ${TIME})) order by domain), '[]') from {s}.domain where tenant_id = $1),
  'events', (select coalesce(json_agg(json_build_object('kind', kind, 'at', to_char(at at time zone 'UTC', ${TIME}), 'data', data) order by id desc), '[]')
    from (select * from {s}.event where tenant_id = $1 order by id desc limit ${SHOWN}) last)
)::text as details`;
