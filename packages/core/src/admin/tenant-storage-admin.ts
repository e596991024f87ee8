import type { StorageAuditEvent, TenantAuditEvent } from './audit-event.js';
import { type AuditSink, AuditTrail } from './audit-trail.js';
import { requireReason } from './require-reason.js';
import { requireTenantId } from './require-tenant-id.js';

/** The files of one tenant, as an admin needs them. */
interface OwnFiles {
  deleteAll(options?: { readonly prefix?: string | undefined }): Promise<void>;
}

/**
 * The way to files of others than the current tenant, for those who operate: each call has a reason, and leaves an audit event before
 * anything is done. `TenantStorageModule` provides it.
 *
 * @example
 * ```ts
 * import type { TenantStorageAdmin } from '@tenancy/core/admin';
 *
 * const remove = (files: TenantStorageAdmin) => files.deleteAll('t_acme', { reason: 'account closed, ticket 4711' });
 * ```
 */
export class TenantStorageAdmin {
  readonly #filesOf: (tenantId: string) => OwnFiles;
  readonly #audit: AuditTrail<StorageAuditEvent>;

  /** @internal */
  constructor(filesOf: (tenantId: string) => OwnFiles, audit?: AuditSink<TenantAuditEvent> | null) {
    this.#filesOf = filesOf;
    this.#audit = new AuditTrail('TenantStorageAdmin', audit as AuditSink<StorageAuditEvent> | null);
  }

  /**
   * Deletes all files of one tenant, whoever is active, page by page, until there are none. The tenant need not be known any more.
   *
   * @throws `tenancy_misconfigured` without a reason, or without a tenant's id.
   */
  async deleteAll(tenantId: string, options: { readonly reason: string }): Promise<void> {
    const reason = requireReason('TenantStorageAdmin.deleteAll', options);
    requireTenantId('TenantStorageAdmin.deleteAll', tenantId);
    await this.#audit.record({ action: 'delete_files', tenantId, reason });
    await this.#filesOf(tenantId).deleteAll();
  }
}
