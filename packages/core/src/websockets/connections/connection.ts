import { storage, type TenantStore } from '../../context/storage.js';
import { TenantSwitchRefusedError } from '../../errors/context-errors.js';

/** A socket that was let in. */
export interface Connection {
  /** The context of everything that comes from it: its tenant, or, where only untenanted gateways let it in, the refusal. */
  store: TenantStore;
  /** The `id` of its tenant, which never changes; null where it has none. */
  readonly tenantId: string | null;
  /** Ends its watch, once it is gone. */
  stop(): void;
}

const connections = new WeakMap<object, Connection>();

export const keepConnection = (client: object, connection: Connection): void =>
  void connections.set(client, connection);

/** The connection of a client of socket.io or ws, if it came through `tenantSockets`. */
export const connectionOf = (client: unknown): Connection | undefined =>
  typeof client === 'object' && client !== null ? connections.get(client) : undefined;

/**
 * Refuses to have one tenant's work write to another's socket, which it may have found in a map of the application's own.
 *
 * @throws `tenant_switch_refused`.
 */
export function requireOwnSocket({ tenantId }: Pick<Connection, 'tenantId'>): void {
  const active = storage.getStore()?.tenant;
  if (!active || active.id === tenantId) return;
  throw new TenantSwitchRefusedError(
    "code tried to use another tenant's socket from inside a tenant's context. Keep sockets by tenant, or let the server find them: " +
      '`server.to(room)` reaches those of the current tenant alone. `TenantAdmin.runAs` of @tenancy/core/admin enters the other one.',
  );
}
