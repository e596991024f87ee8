import { TenantRegistry } from '@tenancy/core';
import { TenantsError } from '../tenants-error.js';
import { DirectoryDatabase, poolConfig } from './directory-database.js';
import { DirectoryListener } from './directory-listener.js';
import {
  type ResolvedDirectoryOptions,
  resolveDirectoryOptions,
  type TenantDirectoryOptions,
} from './directory-options.js';
import { type FoundTenants, searchTenants, type TenantSearch } from './directory-search.js';
import type { DirectoryTenant } from './directory-tenant.js';
import type { InTransaction } from './new-tenant.js';
import { detailsOf, type TenantDetails } from './tenant-details.js';
import { COLUMNS, type TenantRow, THERE, tenantOf } from './tenant-row.js';

const PAGE = 500;

/** The part of the directory that finds tenants. */
export abstract class DirectoryReader<Settings> extends TenantRegistry {
  /** @internal */
  readonly options: ResolvedDirectoryOptions<Settings>;
  /** @internal */
  readonly database: DirectoryDatabase;
  /** @internal */
  readonly listener: DirectoryListener;

  /** @throws TenantFloorError `floor_misconfigured` when an option is wrong. */
  constructor(options: TenantDirectoryOptions<Settings>) {
    super();
    this.options = resolveDirectoryOptions(options);
    this.database = new DirectoryDatabase(this.options.connection, this.options.schema);
    this.listener = new DirectoryListener(poolConfig(this.options.listen));
  }

  /** The tenant of this id, or null. */
  async findById(id: string): Promise<DirectoryTenant<Settings> | null> {
    return this.#one(`where t.id = $1 and ${THERE}`, id);
  }

  /** The tenant of this slug, or null. */
  async findBySlug(slug: string): Promise<DirectoryTenant<Settings> | null> {
    return this.#one(`where t.slug = $1 and ${THERE}`, slug);
  }

  /** By a slug that the tenant had before it was renamed: the answer has the slug of now. */
  override async findByFormerSlug(slug: string): Promise<DirectoryTenant<Settings> | null> {
    return this.#one(`join {s}.slug s on s.tenant_id = t.id where s.slug = $1 and t.slug <> $1 and ${THERE}`, slug);
  }

  /** By a domain that was verified. */
  override async findByDomain(domain: string): Promise<DirectoryTenant<Settings> | null> {
    return this.#one(
      `join {s}.domain d on d.tenant_id = t.id where d.domain = $1 and d.verified_at is not null and ${THERE}`,
      domain,
    );
  }

  /** Those that are there, in the order of their ids, page by page. */
  override async *list(): AsyncIterable<DirectoryTenant<Settings>> {
    for (let last = ''; ; ) {
      const rows = await this.database.ask<TenantRow>(
        `select ${COLUMNS} from {s}.tenant t where t.id > $1 and ${THERE} order by t.id limit ${PAGE}`,
        [last],
      );
      for (const row of rows) yield tenantOf<Settings>(row);
      if (rows.length < PAGE) return;
      last = rows.at(-1)?.id ?? last;
    }
  }

  /**
   * Tells `changed` of each change of a tenant that any process commits, with its id; without one where some may have been missed.
   * `TenancyModule` calls it. All who ask share one connection, which is tried again in growing pauses where it is lost.
   */
  override watch(changed: (id?: string) => void): () => Promise<void> {
    return this.listener.add(changed);
  }

  /**
   * A page of tenants by a part of a name, by state, plan or server, for people who operate them.
   *
   * @throws TenantFloorError `floor_misconfigured` for an option that is none.
   */
  search(search: TenantSearch = {}): Promise<FoundTenants<Settings>> {
    return searchTenants<Settings>(this.database, search);
  }

  /**
   * The tenant in whatever state, for operating it; not for letting anybody in.
   *
   * @throws TenantsError `tenant_unknown`.
   */
  async get(id: string, { on }: InTransaction = {}): Promise<DirectoryTenant<Settings>> {
    const [row] = await this.database.ask<TenantRow>(`select ${COLUMNS} from {s}.tenant t where t.id = $1`, [id], on);
    if (!row) throw unknownTenant();
    return tenantOf<Settings>(row);
  }

  /**
   * The tenant in whatever state by its id, or by a slug that is or was its own, as people name it.
   *
   * @throws TenantsError `tenant_unknown`; `tenant_name_unusable` for the id of one that is the slug of another.
   */
  async named(name: string): Promise<DirectoryTenant<Settings>> {
    const rows = await this.database.ask<TenantRow>(
      `select ${COLUMNS} from {s}.tenant t
        where t.id = $1 or t.id = (select s.tenant_id from {s}.slug s where s.slug = $2)`,
      [name, name.normalize('NFC').toLowerCase()],
    );
    const [first, second] = rows;
    if (!first) throw unknownTenant();
    if (!second) return tenantOf<Settings>(first);
    throw new TenantsError(
      'tenant_name_unusable',
      'this is the id of one tenant and the slug of another. Nothing was done. Name the one that is meant by its other name.',
    );
  }

  /**
   * All that the directory knows of a tenant in whatever state: former slugs, domains, its last events.
   *
   * @throws TenantsError `tenant_unknown`.
   */
  async show(id: string): Promise<TenantDetails<Settings>> {
    return detailsOf<Settings>(this.database, await this.get(id));
  }

  async #one(rest: string, name: string): Promise<DirectoryTenant<Settings> | null> {
    const [row] = await this.database.ask<TenantRow>(`select ${COLUMNS} from {s}.tenant t ${rest}`, [name]);
    return row ? tenantOf<Settings>(row) : null;
  }
}

export function unknownTenant(): TenantsError {
  return new TenantsError(
    'tenant_unknown',
    'the directory has no such tenant. Nothing was done. See `tenancy tenants list` for those that there are.',
  );
}
