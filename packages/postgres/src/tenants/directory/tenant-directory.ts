import { TenantRegistry } from '@tenancy/core';
import type { ClientBase } from 'pg';
import type { TenantPlace } from '../places/tenant-place.js';
import { TenantsError } from '../tenants-error.js';
import { DirectoryDatabase } from './directory-database.js';
import {
  type ResolvedDirectoryOptions,
  resolveDirectoryOptions,
  type TenantDirectoryOptions,
} from './directory-options.js';
import { tenantDirectorySql } from './directory-tables.js';
import type { DirectoryStatus, DirectoryTenant, TenantEventKind } from './directory-tenant.js';
import type { InTransaction, NewTenant } from './new-tenant.js';
import { checkedPlan, checkedSettings } from './plan-and-settings.js';
import { newTenantId, slugOf } from './tenant-names.js';
import { COLUMNS, type TenantRow, THERE, tenantOf } from './tenant-row.js';

/**
 * The tenants, in tables of their own: a registry that writes as well. It runs as a role of its own, never as the application's.
 *
 * @example
 * ```ts
 * import { TenantDirectory } from '@tenancy/postgres/tenants';
 *
 * const directory = new TenantDirectory({ connection: process.env.ADMIN_DATABASE_URL ?? 'postgres://localhost/app' });
 * await directory.install();
 * const acme = await directory.create({ slug: 'acme', name: 'Acme Inc.', plan: 'free' });
 * await directory.suspend(acme.id);
 * await directory.close();
 * ```
 */
export class TenantDirectory<Settings = Readonly<Record<string, unknown>>> extends TenantRegistry {
  readonly #options: ResolvedDirectoryOptions<Settings>;
  /** @internal */
  readonly database: DirectoryDatabase;

  /** @throws TenantFloorError `floor_misconfigured` when an option is wrong. */
  constructor(options: TenantDirectoryOptions<Settings>) {
    super();
    this.#options = resolveDirectoryOptions(options);
    this.database = new DirectoryDatabase(this.#options.connection, this.#options.schema);
  }

  /** Makes its tables where they are missing. The same as a migration is `tenantDirectorySql()`. */
  async install(): Promise<void> {
    await this.database.transaction(async (client) => {
      await client.query(`select pg_advisory_xact_lock(hashtextextended('@tenancy directory', 0))`);
      await client.query(tenantDirectorySql(this.#options.schema));
    });
  }

  async findById(id: string): Promise<DirectoryTenant<Settings> | null> {
    return this.#one(`where t.id = $1 and ${THERE}`, [id]);
  }

  /** Also by a slug that the tenant had before it was renamed: the answer has the slug of now. */
  async findBySlug(slug: string): Promise<DirectoryTenant<Settings> | null> {
    return this.#one(`join {s}.slug s on s.tenant_id = t.id where s.slug = $1 and ${THERE}`, [slug]);
  }

  /** By a domain that was verified. */
  override async findByDomain(domain: string): Promise<DirectoryTenant<Settings> | null> {
    return this.#one(
      `join {s}.domain d on d.tenant_id = t.id where d.domain = $1 and d.verified_at is not null and ${THERE}`,
      [domain],
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
   * The tenant in whatever state, for operating it; not for letting anybody in.
   *
   * @throws TenantsError `tenant_unknown`.
   */
  async get(id: string, { on }: InTransaction = {}): Promise<DirectoryTenant<Settings>> {
    const [row] = await this.database.ask<TenantRow>(`select ${COLUMNS} from {s}.tenant t where t.id = $1`, [id], on);
    if (!row) throw unknownTenant();
    return tenantOf<Settings>(row);
  }

  /** @throws TenantsError `tenant_exists`, `tenant_name_unusable`, `tenant_settings_refused`. */
  async create(tenant: NewTenant<Settings>, { on }: InTransaction = {}): Promise<DirectoryTenant<Settings>> {
    const { reserved, place: usual } = this.#options;
    const { id = newTenantId(), plan = null, settings = {}, place = usual, status = 'active' } = tenant;
    const slug = slugOf(tenant.slug, reserved);
    const { name = slug } = tenant;
    checkedPlan(plan, this.#options.plans);
    const kept = await checkedSettings(settings, this.#options.settings);
    return this.database.transaction(async (client) => {
      await this.database.ask(
        `insert into {s}.tenant (id, slug, status, name, plan, settings, place) values ($1, $2, $3, $4, $5, $6, $7)`,
        [id, slug, status, name, plan, JSON.stringify(kept), JSON.stringify(place)],
        client,
      );
      await this.database.ask('insert into {s}.slug (slug, tenant_id) values ($1, $2)', [slug, id], client);
      if (status === 'active') await this.record(id, 'created', {}, client);
      return this.get(id, { on: client });
    }, on);
  }

  /** Lets nobody in, within a second on every process that listens. */
  suspend(id: string, options: InTransaction = {}): Promise<DirectoryTenant<Settings>> {
    return this.turn(id, { from: ['active'], to: 'suspended', event: 'suspended' }, options);
  }

  resume(id: string, options: InTransaction = {}): Promise<DirectoryTenant<Settings>> {
    return this.turn(id, { from: ['suspended'], to: 'active', event: 'resumed' }, options);
  }

  /** Gives it another slug. The old one stays its alias, and is never another tenant's. */
  async rename(id: string, slug: string, { on }: InTransaction = {}): Promise<DirectoryTenant<Settings>> {
    const kept = slugOf(slug, this.#options.reserved);
    return this.database.transaction(async (client) => {
      const before = await this.#locked(id, client);
      if (before.slug === kept) return tenantOf<Settings>(before);
      const [taken] = await this.database.ask<{ tenant_id: string }>(
        `insert into {s}.slug as s (slug, tenant_id) values ($1, $2)
          on conflict (slug) do update set since = s.since returning tenant_id`,
        [kept, id],
        client,
      );
      if (taken?.tenant_id !== id) {
        throw new TenantsError(
          'tenant_exists',
          "this slug is another tenant's, or was one. Nothing was done. Choose another one.",
        );
      }
      await this.database.ask(
        'update {s}.tenant set slug = $2, changed_at = clock_timestamp() where id = $1',
        [id, kept],
        client,
      );
      await this.record(id, 'renamed', { from: before.slug, to: kept }, client);
      return this.get(id, { on: client });
    }, on);
  }

  /**
   * Goes from one state into another, which the states that lead there say. Where it is there already, nothing is done.
   *
   * @internal
   */
  async turn(
    id: string,
    { from, to, event }: { from: readonly DirectoryStatus[]; to: DirectoryStatus; event: TenantEventKind | null },
    { on }: InTransaction = {},
  ): Promise<DirectoryTenant<Settings>> {
    return this.database.transaction(async (client) => {
      const { status } = await this.#locked(id, client);
      if (status === to) return this.get(id, { on: client });
      if (!from.includes(status)) {
        throw new TenantsError(
          'tenant_state_refused',
          `the tenant is ${status}, and only one that is ${from.join(' or ')} becomes ${to}. Nothing was done.`,
        );
      }
      await this.database.ask(
        'update {s}.tenant set status = $2, changed_at = clock_timestamp() where id = $1',
        [id, to],
        client,
      );
      if (event) await this.record(id, event, {}, client);
      return this.get(id, { on: client });
    }, on);
  }

  /**
   * Writes where its data is from now on.
   *
   * @internal
   */
  async placeAt(id: string, place: TenantPlace, client: ClientBase): Promise<void> {
    const { place: before } = await this.#locked(id, client);
    await this.database.ask(
      'update {s}.tenant set place = $2, changed_at = clock_timestamp() where id = $1',
      [id, JSON.stringify(place)],
      client,
    );
    await this.record(id, 'moved', { from: JSON.parse(before), to: place }, client);
  }

  /**
   * Writes an event, in the transaction of what it tells.
   *
   * @internal
   */
  async record(id: string, kind: TenantEventKind, data: object, client: ClientBase): Promise<void> {
    await this.database.ask(
      'insert into {s}.event (tenant_id, kind, data) values ($1, $2, $3)',
      [id, kind, JSON.stringify(data)],
      client,
    );
  }

  /** Closes its connections. */
  close(): Promise<void> {
    return this.database.end();
  }

  async #one(rest: string, values: readonly unknown[]): Promise<DirectoryTenant<Settings> | null> {
    const [row] = await this.database.ask<TenantRow>(`select ${COLUMNS} from {s}.tenant t ${rest}`, values);
    return row ? tenantOf<Settings>(row) : null;
  }

  async #locked(id: string, client: ClientBase): Promise<TenantRow> {
    const [row] = await this.database.ask<TenantRow>(
      `select ${COLUMNS} from {s}.tenant t where t.id = $1 for update`,
      [id],
      client,
    );
    if (!row) throw unknownTenant();
    return row;
  }
}

const PAGE = 500;

function unknownTenant(): TenantsError {
  return new TenantsError(
    'tenant_unknown',
    'the directory has no tenant with this id. Nothing was done. See `tenancy tenants list` for those that there are.',
  );
}
