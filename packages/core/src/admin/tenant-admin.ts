import { Inject, Injectable } from '@nestjs/common';
import { enter } from '../context/enter.js';
import { storeFor } from '../context/storage.js';
import { TenantRequiredError } from '../errors/refusals.js';
import { requireFunction } from '../errors/require-function.js';
import { TenantRegistry } from '../registry/tenant-registry.js';
import { admit } from '../tenant.js';
import { isUsableTenantId } from '../tenant-id.js';
import { RESOLVED_OPTIONS } from '../tokens.js';
import type { RunAsAuditEvent, TenantAuditEvent } from './audit-event.js';
import { type AuditSink, AuditTrail } from './audit-trail.js';
import { requireReason } from './require-reason.js';

/**
 * The only way to enter another tenant from inside one. It lives in an import path of its own so that a lint rule can
 * keep it in one folder, and it leaves an audit event.
 */
@Injectable()
export class TenantAdmin {
  private readonly audit: AuditTrail<RunAsAuditEvent>;

  constructor(
    @Inject(TenantRegistry) private readonly registry: TenantRegistry,
    @Inject(RESOLVED_OPTIONS) { audit }: { readonly audit: AuditSink<TenantAuditEvent> | null },
  ) {
    this.audit = new AuditTrail('TenantAdmin', audit as AuditSink<RunAsAuditEvent> | null);
  }

  /**
   * Runs `fn` as the tenant with `tenantId`, whatever tenant is active, and restores what was before. Inactive tenants
   * can be entered too: closing an account is an admin's work. What `fn` returns is held to that tenant as by `TenantContext.run`.
   *
   * @throws `tenant_required` when the registry does not know the tenant.
   * @throws `tenancy_misconfigured` without a reason, or a function.
   * @throws whatever the audit sink throws: what cannot be recorded is not done.
   * @example
   * ```ts
   * import type { TenantAdmin } from '@tenancy/core/admin';
   *
   * const inspect = (admin: TenantAdmin) => admin.runAs('t_acme', { reason: 'support ticket 4711' }, () => 'as acme');
   * ```
   */
  async runAs<R>(tenantId: string, options: { readonly reason: string }, fn: () => R): Promise<Awaited<R>> {
    const reason = requireReason('TenantAdmin.runAs', options);
    requireFunction('TenantAdmin.runAs', fn);
    const tenant = isUsableTenantId(tenantId) ? await this.registry.findById(tenantId) : null;
    if (!tenant) throw new TenantRequiredError('the registry knows no tenant with the id that runAs was given.');
    await this.audit.record({ action: 'run_as', tenantId, reason });
    return await enter(storeFor(admit(tenant)), fn);
  }
}
