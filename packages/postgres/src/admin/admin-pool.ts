import { Logger } from '@nestjs/common';
import { type AuditEvent, AuditTrail, requireFunction, requireReason } from '@tenancy/core/adapter';
import { Pool, type PoolConfig } from 'pg';
import { misconfigured } from '../errors/misconfigured.js';
import { requireOptions } from '../errors/require-arguments.js';
import { requireConnection } from '../errors/require-connection.js';
import { refuseSlipOfPg, requireNumbers } from '../pool/pg-options.js';

/** A use of {@link AdminPool} that is about to begin. */
export interface AdminPoolAuditEvent extends AuditEvent {
  readonly action: 'across_tenants';
  /** Why, in the caller's words. */
  readonly reason: string;
}

/** pg's own options, of a role that sees every tenant's rows. */
export interface AdminPoolOptions extends PoolConfig {
  /**
   * Records each event. An error that it throws stops the work: what cannot be recorded is not done.
   * @defaultValue a warning in Nest's log
   */
  readonly audit?: (event: AdminPoolAuditEvent) => void | Promise<void>;
}

/**
 * The pool that no tenant limits, for work that belongs to none: sign-up, reports over all customers, `LISTEN`. It lives in
 * an import path of its own so that a lint rule can keep it in one folder, and every use leaves an audit event.
 *
 * To work as one other tenant, use `TenantAdmin.runAs` of @tenancy/core/admin and the tenant pool.
 *
 * @example
 * ```ts
 * import { AdminPool } from '@tenancy/postgres/admin';
 *
 * const admin = new AdminPool({ connectionString: process.env.ADMIN_DATABASE_URL });
 * const { rows } = await admin.acrossTenants({ reason: 'monthly invoices' }, (pool) =>
 *   pool.query('select tenant_id, count(*) from job group by tenant_id'),
 * );
 * ```
 */
export class AdminPool {
  readonly #logger = new Logger('AdminPool');
  readonly #audit: AuditTrail<AdminPoolAuditEvent>;
  readonly #pool: Pool;

  /** @throws `floor_misconfigured` for an option that is wrong or misspelt, and where nothing says which database is meant. */
  constructor(options: AdminPoolOptions) {
    requireOptions('AdminPool', options, 'connectionString');
    const { audit, ...config } = options;
    refuseSlipOfPg('AdminPool', config, ['audit']);
    requireNumbers('AdminPool', config);
    requireConnection('AdminPool', config);
    if (audit !== undefined && typeof audit !== 'function') {
      throw misconfigured(
        'AdminPool: the option `audit` is not a function, so nothing could be recorded. Pass one, or leave it out for the log.',
      );
    }
    this.#audit = new AuditTrail('AdminPool', audit);
    this.#pool = new Pool(config);
    // Without a listener an idle connection that the server closes would end the process.
    this.#pool.on('error', (error) => this.#logger.warn(`an idle connection was closed: ${error.message}`));
    // Nor one that dies between two queries of its holder: the second of them fails.
    this.#pool.on('connect', (client) => client.on('error', () => {}));
  }

  /**
   * Hands `fn` a plain `pg.Pool`, whose queries are bound to no tenant.
   *
   * @throws `tenancy_misconfigured` without a reason, or a function.
   * @throws whatever the audit sink throws.
   */
  async acrossTenants<R>(options: { readonly reason: string }, fn: (pool: Pool) => R): Promise<Awaited<R>> {
    const reason = requireReason('AdminPool.acrossTenants', options);
    requireFunction('AdminPool.acrossTenants', fn);
    await this.#audit.record({ action: 'across_tenants', reason });
    return await fn(this.#pool);
  }

  /** Ends the connections, once those under way are done. */
  end(): Promise<void> {
    return this.#pool.end();
  }
}
