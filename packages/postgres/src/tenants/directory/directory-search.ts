import { misconfigured } from '../../errors/misconfigured.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { said } from '../../errors/require-arguments.js';
import type { DirectoryDatabase } from './directory-database.js';
import type { DirectoryStatus, DirectoryTenant } from './directory-tenant.js';
import { COLUMNS, type TenantRow, tenantOf } from './tenant-row.js';

/** Tenants that are looked for: those that everything said holds for. */
export interface TenantSearch {
  /**
   * A part of the slug, of a former one, of the name or of a domain, in whatever case; or the whole id.
   * @defaultValue any
   */
  readonly text?: string;
  /** @defaultValue every state but `'deleted'` */
  readonly status?: DirectoryStatus;
  /** @defaultValue any */
  readonly plan?: string;
  /**
   * The server that its data is on.
   * @defaultValue any
   */
  readonly server?: string;
  /**
   * The `next` of the page before.
   * @defaultValue the first page
   */
  readonly after?: string;
  /**
   * The most tenants of a page, from 1 to 1000.
   * @defaultValue `50`
   */
  readonly limit?: number;
}

/** A page of what was found, in the order of slugs. A tenant that is renamed meanwhile may be on two pages or on none; `list()` has each once. */
export interface FoundTenants<Settings = Readonly<Record<string, unknown>>> {
  readonly tenants: readonly DirectoryTenant<Settings>[];
  /** The `after` of the next page; null where this is the last. */
  readonly next: string | null;
}

const KNOWN = ['text', 'status', 'plan', 'server', 'after', 'limit'];
const MOST = 1000;
/** In the order of a tenant's life. */
const STATUSES: readonly DirectoryStatus[] = ['provisioning', 'active', 'suspended', 'deleting', 'deleted'];

/** @throws TenantFloorError `floor_misconfigured` for an option that is none. */
export async function searchTenants<Settings>(
  database: DirectoryDatabase,
  search: TenantSearch,
): Promise<FoundTenants<Settings>> {
  refuseUnknown('TenantDirectory.search', search, KNOWN);
  const { text, status, plan, server, after, limit = 50 } = search;
  for (const [name, value] of Object.entries({ text, status, plan, server, after })) {
    if (value === undefined || typeof value === 'string') continue;
    throw misconfigured(`TenantDirectory.search: \`${name}\` is ${said(value)}. Pass a text.`);
  }
  if (status !== undefined && !STATUSES.includes(status)) {
    throw misconfigured(`TenantDirectory.search: \`status\` is ${said(status)}. Use one of ${STATUSES.join(', ')}.`);
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) {
    throw misconfigured(`TenantDirectory.search: \`limit\` is ${said(limit)}. Pass a whole number from 1 to ${MOST}.`);
  }
  const rows = await database.ask<TenantRow>(SQL, [
    // PostgreSQL takes no NUL, and no tenant has one.
    text?.normalize('NFC').toLowerCase().replaceAll('\0', '\ufffd') ?? null,
    status ?? null,
    plan ?? null,
    server ?? null,
    after ?? '',
    limit + 1,
  ]);
  const tenants = rows.slice(0, limit).map((row) => tenantOf<Settings>(row));
  return { tenants, next: rows.length > limit ? (tenants.at(-1)?.slug ?? null) : null };
}

// `strpos` has no wildcards, so there is nothing to escape.
const SQL = `select ${COLUMNS} from {s}.tenant t
  where t.slug > $5
    and ($1::text is null or lower(t.id) = $1 or strpos(lower(t.name), $1) > 0
      or exists (select from {s}.slug s where s.tenant_id = t.id and strpos(s.slug, $1) > 0)
      or exists (select from {s}.domain d where d.tenant_id = t.id and strpos(d.domain, $1) > 0))
    and case when $2::text is null then t.status <> 'deleted' else t.status = $2 end
    and ($3::text is null or t.plan = $3)
    and ($4::text is null or t.place ->> 'server' = $4)
  order by t.slug limit $6`;
