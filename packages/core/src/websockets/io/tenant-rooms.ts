import { isAcrossSockets } from '../../admin/across-sockets.js';
import { storage } from '../../context/storage.js';
import { TenantSwitchRefusedError } from '../../errors/context-errors.js';
import { TenantRequiredError } from '../../errors/refusals.js';
import { requireOwnSocket } from '../connections/connection.js';
import { OwnMap } from './own-map.js';
import { callersPart, EVERYBODY, ownRooms, type Part, partOf, roomIn } from './part.js';
import type { Broadcast, Callback, RoomAdapter, Session } from './room-adapter.js';

/** The owners of the sockets of a namespace, by the ids of those. */
export interface Owners {
  get(id: string): { readonly tenantId: string | null } | undefined;
  set(id: string, owner: { readonly tenantId: string | null }): unknown;
}

/**
 * The wall before a room adapter of socket.io, whichever it is: in memory, or one that goes over Redis. It is what servers, namespaces,
 * sockets and broadcasts know as their adapter.
 *
 * S3: a room that a socket joins is its own tenant's. A broadcast goes to rooms of whoever calls, and without any to all sockets of that
 * tenant, on this server and on others: the adapter behind is only ever told rooms of one tenant.
 */
export class TenantRooms {
  // Hidden: what stands behind the wall knows everybody's rooms.
  readonly #raw: RoomAdapter;
  readonly #owners: Owners;
  readonly #owner: { readonly tenantId: string | null } | undefined;

  /**
   * @param nsp - the namespace, as the application knows it
   * @param owner - the socket that this is the adapter of; of whoever calls without
   */
  constructor(
    raw: RoomAdapter,
    readonly nsp: unknown,
    owners: Owners,
    owner?: { readonly tenantId: string | null },
  ) {
    this.#raw = raw;
    this.#owners = owners;
    this.#owner = owner;
  }

  /** The same for one socket: what is sent by way of it goes to its own tenant. */
  of(owner: { readonly tenantId: string | null }): TenantRooms {
    return new TenantRooms(this.#raw, this.nsp, this.#owners, owner);
  }

  init(): unknown {
    return this.#raw.init();
  }

  close(): unknown {
    return this.#raw.close();
  }

  serverCount(): Promise<number> {
    return this.#raw.serverCount();
  }

  addAll(id: string, rooms: Iterable<unknown>): unknown {
    const part = this.partOfSocket(id);
    // As often as it joins, because a socket that has left all its rooms is in none.
    return this.#raw.addAll(id, new Set([part.all, ...[...rooms].map((room) => roomIn(part, room))]));
  }

  del(id: string, room: unknown): unknown {
    return this.#raw.del(id, roomIn(this.partOfSocket(id), room));
  }

  delAll(id: string): unknown {
    // One that was not let in is in none, and is taken out all the same.
    if (this.#owners.get(id)) this.partOfSocket(id);
    return this.#raw.delAll(id);
  }

  socketRooms(id: string): Set<string> | undefined {
    const owner = this.#owners.get(id);
    const rooms = this.#raw.socketRooms(id);
    if (!owner || !rooms) return undefined;
    const part = partOf(owner.tenantId);
    // Without an owner's own view somebody asks for a socket by an id that may be another tenant's.
    if (!this.#owner && !isVisible(part, 'socketRooms')) return undefined;
    return ownRooms(part, rooms);
  }

  broadcast(packet: unknown, opts: Broadcast): void {
    this.#raw.broadcast(packet, this.within(opts, 'emit'));
  }

  broadcastWithAck(packet: unknown, opts: Broadcast, count: Callback, ack: Callback): void {
    const store = storage.getStore();
    // Called by whichever connection answers last.
    const inCaller =
      (callback: Callback): Callback =>
      (...args) =>
        storage.run(store, () => callback(...args));
    this.#raw.broadcastWithAck(packet, this.within(opts, 'emit'), inCaller(count), inCaller(ack));
  }

  async sockets(rooms: ReadonlySet<unknown>): Promise<Set<string>> {
    return this.#raw.sockets(this.within({ rooms }, 'allSockets').rooms);
  }

  async fetchSockets(opts: Broadcast): Promise<unknown[]> {
    return this.#raw.fetchSockets(this.within(opts, 'fetchSockets'));
  }

  addSockets(opts: Broadcast, rooms: unknown): void {
    // The rooms as they are: each socket joins by itself, on whichever server it is.
    this.#raw.addSockets(this.within(opts, 'socketsJoin'), rooms);
  }

  delSockets(opts: Broadcast, rooms: unknown): void {
    this.#raw.delSockets(this.within(opts, 'socketsLeave'), rooms);
  }

  disconnectSockets(opts: Broadcast, close: boolean): void {
    this.#raw.disconnectSockets(this.within(opts, 'disconnectSockets'), close);
  }

  /** S9: it goes to all servers, and has no tenant there. */
  serverSideEmit(packet: unknown[]): unknown {
    if (isAcrossSockets()) return this.#raw.serverSideEmit(packet);
    throw new TenantSwitchRefusedError(
      '`serverSideEmit` is heard by every server, outside of every tenant. For what is for a tenant use `server.emit` or a queue; for all ' +
        'servers call it in `TenantSocketAdmin.acrossTenants({ reason }, server, (all) => …)` of @tenancy/core/admin.',
    );
  }

  persistSession(session: Session): void {
    const { sid } = session;
    const owner = this.#owners.get(sid);
    if (!owner) return;
    // By their real names, which the packets that it misses are compared with.
    this.#raw.persistSession({ ...session, rooms: [...(this.#raw.socketRooms(sid) ?? [])], tenancy: owner.tenantId });
  }

  /** S8: the rooms of a session are joined before any middleware, so whose it is must be known by now. */
  async restoreSession(pid: string, offset: string): Promise<Session | null> {
    const own = storage.getStore()?.tenant?.id;
    if (own === undefined) return null;
    const session = await this.#raw.restoreSession(pid, offset);
    if (!session || session.tenancy !== own) return null;
    this.#owners.set(session.sid, { tenantId: own });
    return { ...session, rooms: [...ownRooms(partOf(own), session.rooms)] };
  }

  /** The rooms of whoever calls, on this server, with the ids of the sockets that are in them. */
  get rooms(): ReadonlyMap<string, Set<string>> {
    const raw = this.#raw;
    const part = this.caller('rooms');
    return new OwnMap({
      get: (room) => raw.rooms.get(part === EVERYBODY ? String(room) : roomIn(part, room)),
      keys: () => (part === EVERYBODY ? raw.rooms.keys() : ownRooms(part, raw.rooms.keys())),
    });
  }

  /** The sockets of whoever calls, on this server, with the rooms that they are in. */
  get sids(): ReadonlyMap<string, Set<string>> {
    const raw = this.#raw;
    const part = this.caller('sids');
    return new OwnMap({
      get: (id) => {
        const owner = this.#owners.get(id);
        const rooms = raw.sids.get(id);
        if (!owner || !rooms || (part !== EVERYBODY && owner.tenantId !== part.tenantId)) return undefined;
        return ownRooms(partOf(owner.tenantId), rooms);
      },
      keys: () => raw.sids.keys(),
    });
  }

  /** Rooms over all servers, where the adapter behind can tell. */
  async allRooms(): Promise<Set<string>> {
    const part = this.caller('allRooms');
    const rooms = (await this.#raw.allRooms?.()) ?? new Set(this.#raw.rooms.keys());
    return part === EVERYBODY ? new Set([...rooms].map(String)) : ownRooms(part, rooms);
  }

  /** Its events name rooms and sockets of all tenants. */
  on(): never {
    throw new TenantSwitchRefusedError(
      "events of a room adapter tell of all tenants' rooms. Listen to `connection` and `disconnect`, and call what joins a room where it joins.",
    );
  }

  private caller(member: string): Part | typeof EVERYBODY {
    if (!this.#owner) return callersPart(member);
    requireOwnSocket(this.#owner);
    return partOf(this.#owner.tenantId);
  }

  private within(opts: Broadcast, member: string): Required<Broadcast> {
    const part = this.caller(member);
    const { rooms, except = [], flags = {} } = opts;
    if (part === EVERYBODY) {
      if (rooms.size > 0 || [...except].length > 0) throw noRoomOfAll(member);
      return { rooms: new Set(), except: new Set(), flags };
    }
    const named = [...rooms].map((room) => roomIn(part, room));
    return {
      rooms: new Set(named.length > 0 ? named : [part.all]),
      except: new Set([...except].map((room) => roomIn(part, room))),
      flags,
    };
  }

  private partOfSocket(id: string): Part {
    const owner = this.#owners.get(id);
    if (!owner) throw new TenantRequiredError('a socket that was not let in cannot join a room.');
    requireOwnSocket(owner);
    return partOf(owner.tenantId);
  }
}

function isVisible(part: Part, member: string): boolean {
  const caller = callersPart(member);
  return caller === EVERYBODY || caller.tenantId === part.tenantId;
}

const noRoomOfAll = (member: string) =>
  new TenantSwitchRefusedError(
    `\`${member}\` was given a room outside every tenant, and each tenant has its own of that name. Enter the tenant that is meant: ` +
      '`TenantAdmin.runAs(tenantId, { reason }, …)`.',
  );
