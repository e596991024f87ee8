import { isAcrossSockets } from '../../admin/across-sockets.js';
import { storage, type TenantStore } from '../../context/storage.js';
import { TenantSwitchRefusedError } from '../../errors/context-errors.js';
import { TenantRequiredError } from '../../errors/refusals.js';

/** A socket that was let in. */
export interface Connection {
  /** The context of everything that comes from it: its tenant, or, where only untenanted gateways let it in, the refusal. */
  readonly store: TenantStore;
  /** The `id` of its tenant, which never changes; null where it has none. */
  readonly tenantId: string | null;
  /** Ends its watch, once it is gone. */
  stop(): void;
}

const connections = new WeakMap<object, Connection>();
/** Connections, by each store that they have had. */
const ofStores = new WeakMap<TenantStore, Connection>();

export const keepConnection = (client: object, connection: Connection): void => {
  connections.set(client, connection);
  ofStores.set(connection.store, connection);
};

/** The connection with its tenant as it is now. */
export function renewStore(connection: Connection, store: TenantStore): void {
  (connection as { store: TenantStore }).store = store;
  ofStores.set(store, connection);
}

/** The connection of a client of socket.io or ws, if it came through `tenantSockets`. */
export const connectionOf = (client: unknown): Connection | undefined =>
  typeof client === 'object' && client !== null ? connections.get(client) : undefined;

type Owner = Pick<Connection, 'tenantId'>;

/**
 * Refuses to have one tenant's work do something to another's socket, which it may have found in a map of the application's own.
 *
 * @throws `tenant_switch_refused`.
 */
export function refuseOthersSocket({ tenantId }: Owner): void {
  const active = storage.getStore()?.tenant;
  if (!active || active.id === tenantId) return;
  throw new TenantSwitchRefusedError(
    "code tried to use another tenant's socket from inside a tenant's context. Keep sockets by tenant, or let the server find them: " +
      '`server.to(room)` reaches those of the current tenant alone. `TenantAdmin.runAs` of @tenancy/core/admin enters the other one.',
  );
}

/**
 * The same for what a socket is told, and the rooms that it is in, which are a matter of its tenant's: outside every tenant its own
 * untenanted handlers may, an admin, and anybody for one that has none.
 *
 * @throws `tenant_switch_refused`; `tenant_required` outside a tenant, or the refusal of what runs there.
 */
export function requireOwnSocket(owner: Owner): void {
  refuseOthersSocket(owner);
  const store = storage.getStore();
  if (owner.tenantId === null || store?.tenant || isAcrossSockets() || isOwnWork(owner, store)) return;
  throw (
    store?.refusal ??
    new TenantRequiredError(
      'a socket of a tenant was used outside every tenant, such as by a timer that goes through sockets it has kept, or in a callback of a ' +
        "stream that all share: make that with `TenantContext.bind(…)` in the socket's handler. Or enter the socket's tenant " +
        "(`TenantContext.run`, `TenantAdmin.runAs`), or, for everybody's, " +
        '`TenantSocketAdmin.acrossTenants({ reason }, server, …)` of @tenancy/core/admin.',
    )
  );
}

const isOwnWork = (owner: Owner, store: TenantStore | undefined): boolean =>
  store !== undefined && ofStores.get(store.origin ?? store) === owner;
