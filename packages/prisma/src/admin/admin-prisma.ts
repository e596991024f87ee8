import { TenantContext } from '@tenancy/core';
import { type AuditEvent, AuditTrail, isUsableTenantId, requireFunction, requireReason } from '@tenancy/core/adapter';
import { misconfigured } from '../errors/misconfigured.js';
import { scopedClientOf, type TenantScopedOptions } from '../tenant-scoped.js';
import type { PrismaClientLike, TenantScopedClient } from '../tenant-scoped-client.js';

/** An event of {@link AdminPrisma}, recorded before the work begins. */
export interface AdminPrismaAuditEvent extends AuditEvent {
  readonly action: 'for_tenant' | 'across_tenants';
  /** The tenant whose rows it is about, of `for_tenant`. */
  readonly tenantId: string | null;
}

/** Options of `AdminPrisma`. */
export interface AdminPrismaOptions extends Omit<TenantScopedOptions, 'context' | 'floor'> {
  /**
   * Records events. An error that it throws stops the work, for work that cannot be recorded is not done.
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
  readonly #raw: Client;
  readonly #options: Omit<TenantScopedOptions, 'context' | 'floor'>;
  readonly #audit: AuditTrail<AdminPrismaAuditEvent>;

  /** @throws `scope_misconfigured` as `tenantScoped` does. */
  constructor(prisma: Client, { audit, ...options }: AdminPrismaOptions = {}) {
    this.#raw = prisma;
    this.#options = options;
    this.#audit = new AuditTrail('AdminPrisma', audit);
    // A wrong option is found now, and not when the first tenant is asked for.
    scopedClientOf(prisma, { ...options, context: new TenantContext() }, null);
  }

  /**
   * A client for one tenant's rows, wherever it is used: the id in the argument says whose, and no context is asked.
   *
   * @throws `scope_misconfigured` when the id cannot name a tenant.
   * Its first query waits until the event is recorded, and rejects with whatever the audit sink throws.
   */
  forTenant(tenantId: string): TenantScopedClient<Client>;
  /**
   * Hands that client to `fn` once the event is recorded, as `AdminDataSource.forTenant` of @tenancy/typeorm does.
   *
   * @throws `scope_misconfigured` when the id cannot name a tenant, `tenancy_misconfigured` when `fn` is no function.
   * @throws whatever the audit sink throws.
   */
  forTenant<R>(tenantId: string, fn: (client: TenantScopedClient<Client>) => R): Promise<Awaited<R>>;
  forTenant<R>(
    tenantId: string,
    fn?: (client: TenantScopedClient<Client>) => R,
  ): TenantScopedClient<Client> | Promise<Awaited<R>> {
    if (fn !== undefined) return this.#handTo(fn, tenantId);
    const recorded = this.#record(tenantId);
    // Nobody may ever use it, and then nobody hears of it.
    recorded.catch(() => {});
    return this.#clientOf(tenantId, recorded);
  }

  async #handTo<R>(fn: (client: TenantScopedClient<Client>) => R, tenantId: string): Promise<Awaited<R>> {
    requireFunction('AdminPrisma.forTenant', fn);
    await this.#record(tenantId);
    return await fn(this.#clientOf(tenantId, null));
  }

  #record(tenantId: string): Promise<void> {
    if (!isUsableTenantId(tenantId)) {
      throw misconfigured('AdminPrisma.forTenant was given no usable tenant id. Pass the `id` of a tenant.');
    }
    return this.#audit.record({ action: 'for_tenant', tenantId, reason: null });
  }

  #clientOf(tenantId: string, before: Promise<void> | null): TenantScopedClient<Client> {
    return scopedClientOf(this.#raw, { ...this.#options, context: { tenantId, bind: (fn) => fn } }, before);
  }

  /**
   * Hands `fn` the unscoped client, which reads and writes every tenant's rows.
   *
   * @throws `tenancy_misconfigured` without a reason, or a function.
   * @throws whatever the audit sink throws.
   */
  async acrossTenants<R>(options: { readonly reason: string }, fn: (raw: Client) => R): Promise<Awaited<R>> {
    const reason = requireReason('AdminPrisma.acrossTenants', options);
    requireFunction('AdminPrisma.acrossTenants', fn);
    await this.#audit.record({ action: 'across_tenants', tenantId: null, reason });
    return await fn(this.#raw);
  }

  /** Disconnects the client that it was given. */
  $disconnect(): Promise<void> {
    return this.#raw.$disconnect();
  }
}
