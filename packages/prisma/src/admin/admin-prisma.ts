import { Logger } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { scopedClientOf, type TenantScopedOptions } from '../tenant-scoped.js';
import type { PrismaClientLike, TenantScopedClient } from '../tenant-scoped-client.js';

/** What {@link AdminPrisma} is about to do. */
export interface AdminPrismaAuditEvent {
  readonly action: 'for_tenant' | 'across_tenants';
  /** Whose rows, of `for_tenant`. */
  readonly tenantId: string | null;
  /** The `id` of the tenant whose context was active, if one was. */
  readonly fromTenantId: string | null;
  /** Why, in the caller's words, of `across_tenants`. */
  readonly reason: string | null;
  readonly at: Date;
}

export interface AdminPrismaOptions extends Omit<TenantScopedOptions, 'context' | 'floor'> {
  /**
   * Where events are kept. What it throws stops the work: what cannot be recorded is not done.
   * @defaultValue a warning in Nest's log
   */
  readonly audit?: (event: AdminPrismaAuditEvent) => void | Promise<void>;
}

/**
 * The client that no tenant limits, for work that belongs to none: sign-up, reports over all customers. It lives in an
 * import path of its own so that a lint rule can keep it in one folder, and every use leaves an audit event.
 *
 * @example
 * ```ts
 * import { PrismaPg } from '@prisma/adapter-pg';
 * import { AdminPrisma } from '@tenancy/prisma/admin';
 * import { PrismaClient } from './generated/client.js';
 *
 * const adapter = new PrismaPg({ connectionString: process.env.ADMIN_DATABASE_URL });
 * const admin = new AdminPrisma(new PrismaClient({ adapter }), { shared: ['Country'] });
 *
 * const acme = admin.forTenant('t_acme');
 * await acme.job.create({ data: { id: '1', title: 'Welder' } }); // stamped with t_acme
 * const jobs = await admin.acrossTenants({ reason: 'monthly invoices' }, (raw) => raw.job.count());
 * ```
 */
export class AdminPrisma<Client extends PrismaClientLike> {
  readonly #logger = new Logger('AdminPrisma');
  readonly #context = new TenantContext();
  readonly #raw: Client;
  readonly #options: Omit<TenantScopedOptions, 'context' | 'floor'>;
  readonly #audit: AdminPrismaOptions['audit'];

  /** @throws `scope_misconfigured` as `tenantScoped` does. */
  constructor(prisma: Client, { audit, ...options }: AdminPrismaOptions = {}) {
    this.#raw = prisma;
    this.#options = options;
    this.#audit = audit;
    // A wrong option is found now, and not when the first tenant is asked for.
    scopedClientOf(prisma, { ...options, context: this.#context }, null);
  }

  /**
   * A client for one tenant's rows, wherever it is used: the id in the argument says whose, and no context is asked.
   *
   * @throws `scope_misconfigured` when the id is no text.
   * Its first query waits until the event is recorded, and rejects with whatever the audit sink throws.
   */
  forTenant(tenantId: string): TenantScopedClient<Client> {
    if (typeof tenantId !== 'string' || tenantId === '') {
      throw new TenantScopeError(
        'scope_misconfigured',
        'AdminPrisma.forTenant was given no tenant id. Pass the `id` of a tenant.',
      );
    }
    const recorded = this.#record({ action: 'for_tenant', tenantId, reason: null });
    // Nobody may ever use it, and then nobody hears of it.
    recorded.catch(() => {});
    return scopedClientOf(this.#raw, { ...this.#options, context: { tenantId, bind: (fn) => fn } }, recorded);
  }

  /**
   * Hands `fn` the unscoped client, which reads and writes every tenant's rows.
   *
   * @throws `scope_misconfigured` without a reason.
   * @throws whatever the audit sink throws.
   */
  async acrossTenants<R>({ reason }: { readonly reason: string }, fn: (raw: Client) => R): Promise<Awaited<R>> {
    if (typeof reason !== 'string' || reason.trim() === '') {
      throw new TenantScopeError(
        'scope_misconfigured',
        'AdminPrisma.acrossTenants was given no reason. Say why: `{ reason: "ticket 4711" }`.',
      );
    }
    await this.#record({ action: 'across_tenants', tenantId: null, reason });
    return await fn(this.#raw);
  }

  $disconnect(): Promise<void> {
    return this.#raw.$disconnect();
  }

  async #record(event: Pick<AdminPrismaAuditEvent, 'action' | 'tenantId' | 'reason'>): Promise<void> {
    const fromTenantId = this.#context.isActive() ? this.#context.tenantId : null;
    const recorded = { ...event, fromTenantId, at: new Date() };
    if (this.#audit) await this.#audit(recorded);
    // JSON, so that a reason cannot forge a line of its own.
    else this.#logger.warn(`audit ${JSON.stringify(recorded)}`);
  }
}
