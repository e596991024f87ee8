import { Inject, Injectable } from '@nestjs/common';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { requireFunction } from '../errors/require-function.js';
import { isWall } from '../leftovers/wall.js';
import { RESOLVED_OPTIONS } from '../tokens.js';
import { acrossSockets } from './across-sockets.js';
import type { SocketAuditEvent, TenantAuditEvent } from './audit-event.js';
import { type AuditSink, AuditTrail } from './audit-trail.js';
import { requireReason } from './require-reason.js';

/**
 * The way to the sockets of all tenants: for a notice to everybody, for counting, and for closing. It leaves an audit event.
 * `TenancyModule` provides it. For the sockets of one other tenant there is `TenantAdmin.runAs`.
 */
@Injectable()
export class TenantSocketAdmin {
  private readonly audit: AuditTrail<SocketAuditEvent>;

  constructor(@Inject(RESOLVED_OPTIONS) { audit }: { readonly audit: AuditSink<TenantAuditEvent> | null }) {
    this.audit = new AuditTrail('TenantSocketAdmin', audit as AuditSink<SocketAuditEvent> | null);
  }

  /**
   * Calls `fn` outside every tenant with `server`, whose `emit`, `fetchSockets`, `disconnectSockets` and `sockets` are about everybody's
   * there, as are a namespace's, and the `clients` of `ws`. Rooms are each tenant's own, and there is none of all of them.
   *
   * @throws `tenancy_misconfigured` without a reason or a function, or when `server` is not of `tenantSockets`.
   * @throws whatever the audit sink throws: what cannot be recorded is not done.
   * @example
   * ```ts
   * import type { TenantSocketAdmin } from '@tenancy/core/admin';
   * import type { Server } from 'socket.io';
   *
   * const announce = (admin: TenantSocketAdmin, server: Server) =>
   *   admin.acrossTenants({ reason: 'maintenance tonight' }, server, (all) => all.emit('notice', 'Back at ten.'));
   * ```
   */
  async acrossTenants<S extends object, R>(
    options: { readonly reason: string },
    server: S,
    fn: (server: S) => R,
  ): Promise<Awaited<R>> {
    const reason = requireReason('TenantSocketAdmin.acrossTenants', options);
    requireFunction('TenantSocketAdmin.acrossTenants', fn);
    if (!isWall(server)) {
      throw new TenancyConfigurationError(
        'TenantSocketAdmin.acrossTenants',
        'is given something that is no server of `tenantSockets`',
        'Pass the server, or the namespace, as `@WebSocketServer()` gives it.',
      );
    }
    await this.audit.record({ action: 'across_sockets', reason });
    return await acrossSockets(() => fn(server));
  }
}
