import { type AuditEvent, AuditTrail, isUsableTenantId, requireFunction, requireReason } from '@tenancy/core/adapter';
import { ContextVariable } from '@tenancy/core/admin';
import { misconfigured } from '../errors/misconfigured.js';
import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { DataSourceLike } from '../schema/entity-metadata.js';
import { scopeOf } from '../scope/data-source-scope.js';
import { tenantScoped } from '../tenant-scoped.js';
import type { TenantScopedOptions } from '../tenant-scoped-options.js';

/** An event of {@link AdminDataSource}, recorded before the work begins. */
export interface AdminDataSourceAuditEvent extends AuditEvent {
  readonly action: 'for_tenant' | 'across_tenants';
  /** The tenant whose rows it is about, of `for_tenant`. */
  readonly tenantId: string | null;
}

/** Options of `AdminDataSource`. */
export interface AdminDataSourceOptions extends Omit<TenantScopedOptions, 'context'> {
  /**
   * Records events. An error that it throws stops the work, for work that cannot be recorded is not done.
   * @defaultValue a line in Nest's log
   */
  readonly audit?: (event: AdminDataSourceAuditEvent) => void | Promise<void>;
}

/**
 * The data source that no tenant limits, for work that belongs to none: sign-up, reports over all customers. It lives in an
 * import path of its own so that a lint rule can keep it in one folder, and every use leaves an audit event.
 *
 * Give it a data source of its own, initialised, with a role that may do what the application's own may not.
 *
 * @example
 * ```ts
 * import { AdminDataSource } from '@tenancy/typeorm/admin';
 * import { DataSource, EntitySchema } from 'typeorm';
 *
 * const id = { type: String, primary: true } as const;
 * const Job = new EntitySchema({ name: 'Job', columns: { id, tenantId: { type: String } } });
 * const url = 'postgres://admin@localhost/app';
 * const admin = new AdminDataSource(await new DataSource({ type: 'postgres', url, entities: [Job] }).initialize());
 *
 * await admin.forTenant('t_acme', (source) => source.getRepository(Job).save({ id: '1' })); // stamped with t_acme
 * const jobs = await admin.acrossTenants({ reason: 'monthly invoices' }, (raw) => raw.getRepository(Job).count());
 * ```
 */
export class AdminDataSource<Source extends DataSourceLike> {
  /** The tenant whose rows are reached, or null where they are everybody's. */
  readonly #reach = new ContextVariable<string | null>();
  readonly #source: Source;
  readonly #audit: AuditTrail<AdminDataSourceAuditEvent>;

  /** @throws `scope_misconfigured` and as `classifyEntities` does. */
  constructor(dataSource: Source, { audit, ...options }: AdminDataSourceOptions = {}) {
    if (!dataSource?.isInitialized) {
      throw misconfigured('AdminDataSource was given no initialised data source. Await `initialize()` first.');
    }
    const reach = this.#reach;
    const context = {
      /** Outside of both methods nothing is reached, by whoever keeps the data source. */
      get tenantId(): string {
        const tenantId = reach.get();
        if (typeof tenantId === 'string') return tenantId;
        throw new TenantScopeError(
          'scope_refused',
          "the admin's data source was used outside of `forTenant` and `acrossTenants`. Use what they hand over while they run.",
        );
      },
      isActive: () => typeof reach.get() === 'string',
      isAcrossTenants: () => reach.get() === null,
    };
    this.#source = tenantScoped(dataSource, { ...options, context });
    this.#audit = new AuditTrail('AdminDataSource', audit, 'log');
  }

  /**
   * Hands `fn` the data source for one tenant's rows, whichever context is active. What `fn` returns reaches that tenant's rows too,
   * whenever it is read or called, as with `TenantContext.run`.
   *
   * @throws `scope_misconfigured` when the id cannot name a tenant, `tenancy_misconfigured` without a function.
   * @throws whatever the audit sink throws.
   */
  async forTenant<R>(tenantId: string, fn: (source: Source) => R): Promise<Awaited<R>> {
    if (!isUsableTenantId(tenantId)) {
      throw misconfigured('AdminDataSource.forTenant was given no usable tenant id. Pass the `id` of a tenant.');
    }
    requireFunction('AdminDataSource.forTenant', fn);
    await this.#audit.record({ action: 'for_tenant', tenantId, reason: null });
    return await this.#reach.run(tenantId, () => fn(this.#source));
  }

  /**
   * Hands `fn` the unscoped data source, which reads and writes every tenant's rows. What `fn` returns does too.
   *
   * @throws `tenancy_misconfigured` without a reason, or a function.
   * @throws whatever the audit sink throws.
   */
  async acrossTenants<R>(options: { readonly reason: string }, fn: (raw: Source) => R): Promise<Awaited<R>> {
    const reason = requireReason('AdminDataSource.acrossTenants', options);
    requireFunction('AdminDataSource.acrossTenants', fn);
    await this.#audit.record({ action: 'across_tenants', tenantId: null, reason });
    if (!scopeOf(this.#source)) throw misconfigured('the data source was destroyed. Make a new one.');
    return await this.#reach.run(null, () => fn(this.#source));
  }
}
