import { Inject, Injectable, Logger } from '@nestjs/common';
import { enter } from '../context/enter.js';
import { corridorFor, storage } from '../context/storage.js';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { TenantRequiredError } from '../errors/refusals.js';
import { requireFunction } from '../errors/require-function.js';
import { TenantRegistry } from '../registry/tenant-registry.js';
import type { ResolvedTenancyOptions } from '../tenancy.options.js';
import { admit } from '../tenant.js';
import { canNameATenant } from '../tenant-id.js';
import { RESOLVED_OPTIONS } from '../tokens.js';
import type { TenantAuditEvent } from './audit-event.js';

/**
 * The only way to enter another tenant from inside one. It lives in an import path of its own so that a lint rule can
 * keep it in one folder, and it leaves an audit event.
 */
@Injectable()
export class TenantAdmin {
  private readonly logger = new Logger('TenantAdmin');
  private readonly audit: ResolvedTenancyOptions['audit'];

  constructor(
    @Inject(TenantRegistry) private readonly registry: TenantRegistry,
    @Inject(RESOLVED_OPTIONS) { audit }: Pick<ResolvedTenancyOptions, 'audit'>,
  ) {
    this.audit = audit;
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
    const { reason } = (options as typeof options | null | undefined) ?? {};
    if (typeof reason !== 'string' || reason.trim() === '') {
      throw new TenancyConfigurationError(
        'TenantAdmin.runAs',
        'has no reason',
        'Say why: `{ reason: "ticket 4711" }`.',
      );
    }
    requireFunction('TenantAdmin.runAs', fn);
    const tenant = canNameATenant(tenantId) ? await this.registry.findById(tenantId) : null;
    if (!tenant) throw new TenantRequiredError('the registry knows no tenant with the id that runAs was given.');
    const fromTenantId = storage.getStore()?.tenant?.id ?? null;
    await this.record({ action: 'run_as', tenantId, fromTenantId, reason, at: new Date() });
    return await enter(corridorFor(admit(tenant)), fn);
  }

  private async record(event: TenantAuditEvent): Promise<void> {
    if (this.audit) await this.audit(event);
    // JSON, so that a reason cannot forge a line of its own.
    else this.logger.warn(`audit ${JSON.stringify(event)}`);
  }
}
