/** The sockets that something is for: all that are in one of `rooms` (in the namespace, without any), and in none of `except`. */
export interface Broadcast {
  readonly rooms: ReadonlySet<unknown>;
  readonly except?: Iterable<unknown>;
  readonly flags?: object;
}

export type Callback = (...args: unknown[]) => void;

/** The state of a connection that may be taken up again. */
export interface Session {
  readonly sid: string;
  readonly rooms: readonly unknown[];
  /** The `id` of its tenant, which is kept with it. */
  readonly tenancy?: string | null;
}

/** A room adapter of socket.io: its own in memory, or any that goes over Redis and the like. */
export interface RoomAdapter {
  nsp: unknown;
  readonly rooms: ReadonlyMap<unknown, Set<string>>;
  readonly sids: ReadonlyMap<string, Set<unknown>>;
  init(): unknown;
  close(): unknown;
  serverCount(): Promise<number>;
  addAll(id: string, rooms: Set<unknown>): unknown;
  del(id: string, room: unknown): unknown;
  delAll(id: string): unknown;
  socketRooms(id: string): Set<unknown> | undefined;
  broadcast(packet: unknown, opts: Required<Broadcast>): void;
  broadcastWithAck(packet: unknown, opts: Required<Broadcast>, count: Callback, ack: Callback): void;
  sockets(rooms: ReadonlySet<unknown>): Promise<Set<string>>;
  fetchSockets(opts: Required<Broadcast>): Promise<unknown[]>;
  addSockets(opts: Required<Broadcast>, rooms: unknown): void;
  delSockets(opts: Required<Broadcast>, rooms: unknown): void;
  disconnectSockets(opts: Required<Broadcast>, close: boolean): void;
  serverSideEmit(packet: unknown[]): unknown;
  persistSession(session: Session): void;
  restoreSession(pid: string, offset: string): Promise<Session | null> | null;
  allRooms?(): Promise<Set<unknown>>;
  /** Of socket.io's own adapter, which all others extend: goes through the sockets of this server that something is for. */
  apply?(opts: Broadcast, each: (socket: { readonly id: string }) => unknown): void;
}
