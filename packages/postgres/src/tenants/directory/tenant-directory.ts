import { isDeepStrictEqual } from 'node:util';
import type { TenantEventKind } from '@tenancy/core/lifecycle';
import type { ClientBase } from 'pg';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { requireOptions } from '../../errors/require-arguments.js';
import { requirePlace, type TenantPlace } from '../../isolation/tenant-place.js';
import { TenantsError } from '../tenants-error.js';
import { deliverEvents } from './deliver-events.js';
import { DirectoryDomains } from './directory-domains.js';
import { tenantDirectorySql } from './directory-tables.js';
import type { DirectoryStatus, DirectoryTenant } from './directory-tenant.js';
import type { InTransaction, NewTenant } from './new-tenant.js';
import { checkedName, checkedPlan, checkedSettings } from './plan-and-settings.js';
import type { TenantChanges, TenantChangesOf } from './tenant-changes.js';
import type { DeliveredEvents, EventDelivery } from './tenant-event.js';
import { newTenantId, requireId, slugOf } from './tenant-names.js';
import { tenantOf } from './tenant-row.js';

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
export class TenantDirectory<Settings = Readonly<Record<string, unknown>>> extends DirectoryDomains<Settings> {
  /** Makes its tables where they are missing. The same as a migration is `tenantDirectorySql()`. */
  async install(): Promise<void> {
    await this.database.transaction(async (client) => {
      await client.query(`select pg_advisory_xact_lock(hashtextextended('@tenancy directory', 0))`);
      await client.query(tenantDirectorySql(this.options.schema));
    });
  }

  /**
   * Makes a tenant in the tables of the directory, and nothing else: `provisionTenant` also gives it a place.
   * @throws TenantsError `tenant_exists`, `tenant_name_unusable`, `tenant_settings_refused`.
   */
  async create(tenant: NewTenant<Settings>, { on }: InTransaction = {}): Promise<DirectoryTenant<Settings>> {
    const { reserved, place: usual } = this.options;
    const { id = newTenantId(), plan = null, settings = {}, place = usual, status = 'active' } = tenant;
    const slug = slugOf(tenant.slug, reserved);
    const { name = slug } = tenant;
    requireId(id);
    requirePlace('TenantDirectory.create', place);
    checkedName(name);
    checkedPlan(plan, this.options.plans);
    const kept = await checkedSettings(settings, this.options.settings);
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

  /** Lets a suspended tenant in again, within a second on every process that listens. */
  resume(id: string, options: InTransaction = {}): Promise<DirectoryTenant<Settings>> {
    return this.turn(id, { from: ['suspended'], to: 'active', event: 'resumed' }, options);
  }

  /** Gives it another slug. The old one stays its alias, and is never another tenant's. */
  async rename(id: string, slug: string, { on }: InTransaction = {}): Promise<DirectoryTenant<Settings>> {
    const kept = slugOf(slug, this.options.reserved);
    return this.database.transaction(async (client) => {
      const before = await this.locked(id, client);
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
   * Gives it another name, plan or settings. `changes` may be a function of the tenant as it is, with no other change in between.
   *
   * @throws TenantsError `tenant_settings_refused`.
   * @throws TenantFloorError `floor_misconfigured` for a field that is wrong, or none of these.
   */
  async update(
    id: string,
    changes: TenantChanges<Settings> | TenantChangesOf<Settings>,
    { on }: InTransaction = {},
  ): Promise<DirectoryTenant<Settings>> {
    return this.database.transaction(async (client) => {
      const before = tenantOf<Settings>(await this.locked(id, client));
      const changed = typeof changes === 'function' ? changes(before) : changes;
      requireOptions('TenantDirectory.update', changed instanceof Promise ? 'a promise' : changed);
      refuseUnknown('TenantDirectory.update', changed, ['name', 'plan', 'settings']);
      const { name = before.name, plan = before.plan, settings = before.settings } = changed;
      checkedName(name);
      checkedPlan(plan, this.options.plans);
      const after = { name, plan, settings: await checkedSettings(settings, this.options.settings) };
      const fields = (['name', 'plan', 'settings'] as const).filter(
        (field) => !isDeepStrictEqual(before[field], after[field]),
      );
      if (fields.length === 0) return before;
      await this.database.ask(
        'update {s}.tenant set name = $2, plan = $3, settings = $4, changed_at = clock_timestamp() where id = $1',
        [id, name, plan, JSON.stringify(after.settings)],
        client,
      );
      await this.record(id, 'changed', { fields }, client);
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
      const { status } = await this.locked(id, client);
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
    const { place: before } = await this.locked(id, client);
    await this.database.ask(
      'update {s}.tenant set place = $2, changed_at = clock_timestamp() where id = $1',
      [id, JSON.stringify(place)],
      client,
    );
    await this.record(id, 'moved', { from: JSON.parse(before), to: place }, client);
  }

  /**
   * Delivers the events that a consumer has not had: those of each tenant in their order, each at least once, while one process at a time is at it.
   * One that fails is tried again by a later call, in pauses from a second to an hour, and keeps back the later ones of its tenant alone. A
   * consumer that is new gets what happens from then on. `TenantLifecycleModule` of `@tenancy/core/lifecycle` calls it.
   *
   * @returns null where another process is at it
   * @throws TenantFloorError `floor_misconfigured` for an option that is wrong or unknown.
   */
  deliverEvents(options: EventDelivery): Promise<DeliveredEvents | null> {
    return deliverEvents(this.database, options);
  }

  /**
   * Forgets all but the id and the slugs of a tenant, which are never another one's, and keeps the certificate of its deletion.
   *
   * @internal
   */
  async forget(id: string, certificate: object, client: ClientBase): Promise<void> {
    await this.locked(id, client);
    await this.database.ask('delete from {s}.domain where tenant_id = $1', [id], client);
    await this.database.ask(
      `update {s}.tenant set status = 'deleted', name = '', plan = null, settings = '{}', changed_at = clock_timestamp() where id = $1`,
      [id],
      client,
    );
    await this.record(id, 'deleted', certificate, client);
  }

  /** Closes its connections. */
  async close(): Promise<void> {
    await Promise.all([this.listener.close(), this.database.end()]);
  }
}
