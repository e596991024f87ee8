import { isAcrossSockets } from '../../admin/across-sockets.js';
import { storage } from '../../context/storage.js';
import { TenantRequiredError } from '../../errors/refusals.js';

/** The rooms of one tenant, or of the sockets that have none. */
export interface Part {
  readonly tenantId: string | null;
  /** The room of all its sockets. */
  readonly all: string;
}

/** Everybody's rooms: an admin's. */
export const EVERYBODY = Symbol('everybody');

/** The encoded id has no `:`, so that no tenant's name and room read as another's. */
export const partOf = (tenantId: string | null): Part => ({
  tenantId,
  all: tenantId === null ? 'nobody' : `tenant:${encodeURIComponent(tenantId)}`,
});

/** The name of a room of an application in the part of a tenant. */
export const roomIn = ({ all }: Part, room: unknown): string => `${all}:${String(room)}`;

/** The rooms of `part` among `rooms`, as the application calls them. */
export function ownRooms({ all }: Part, rooms: Iterable<unknown>): Set<string> {
  const own = new Set<string>();
  const start = `${all}:`;
  for (const room of rooms) if (typeof room === 'string' && room.startsWith(start)) own.add(room.slice(start.length));
  return own;
}

/**
 * The part of whoever calls.
 *
 * @throws `tenant_required` outside a tenant; the refusal of what runs in one.
 */
export function callersPart(member: string): Part | typeof EVERYBODY {
  const store = storage.getStore();
  if (store?.tenant) return partOf(store.tenant.id);
  if (isAcrossSockets()) return EVERYBODY;
  throw (
    store?.refusal ??
    new TenantRequiredError(
      `\`${member}\` of a socket.io server was called outside every tenant, and would reach the sockets of all of them. Call it in a ` +
        "tenant's context (`TenantContext.run`, `TenantAdmin.runAs`), or, for everybody, in " +
        '`TenantSocketAdmin.acrossTenants({ reason }, server, (all) => …)` of @tenancy/core/admin.',
    )
  );
}
