import { storage } from '../../context/storage.js';
import type { TenancyError } from '../../errors/tenancy-error.js';
import type { Admission } from '../../handshake/admit-handshake.js';
import { markWall } from '../../leftovers/wall.js';
import type { Admittance } from '../connections/admittance.js';
import type { Connection } from '../connections/connection.js';
import { corsOrigins } from '../connections/cors-origins.js';
import type { Entrance } from '../connections/gateways.js';
import { keepTenant } from './held-engine.js';
import { holdSocket } from './held-socket.js';
import { OwnSockets } from './own-sockets.js';
import type { RoomAdapter } from './room-adapter.js';
import type { IoClient, IoNamespace, IoSocket, Next } from './shapes.js';
import { TenantRooms } from './tenant-rooms.js';

type Owner = Pick<Connection, 'tenantId'> & Partial<Connection>;

/** A namespace whose sockets each have a tenant. */
export class HeldNamespace {
  readonly #owners = new Map<string, Owner>();
  readonly #admittance: Admittance;
  /** By the `auth` of a handshake, which is an object of its own for each. */
  readonly #identified = new WeakMap<object, Admission>();

  constructor(
    readonly nsp: IoNamespace,
    readonly entrance: Entrance,
    admittance: Admittance,
    private readonly isClosing: () => boolean,
  ) {
    this.#admittance = admittance;
    markWall(nsp);
    this.#holdSockets();
    this.#holdConnect();
    this.#holdRecovery();
  }

  /** The middleware of it, which comes before the application's own. */
  async admit(socket: IoSocket, next: Next): Promise<void> {
    const { auth } = socket.handshake;
    const admission = this.#identified.get(auth) ?? (await this.#identify(socket, auth));
    const close = (refusal: TenancyError) => {
      socket.emit('exception', { status: 'error', message: refusal.code });
      socket.disconnect();
    };
    const connection = this.#admittance.open(socket, admission, this.entrance.door, close);
    if (!connection) {
      next(refused(admission.refusal as TenancyError));
      return;
    }
    this.#owners.set(socket.id, connection);
    keepTenant(socket.conn, connection.tenantId);
    holdSocket(socket, connection);
    socket.adapter = (this.nsp.adapter as TenantRooms).of(connection);
    storage.run(connection.store, next);
  }

  #identify({ request }: IoClient, auth: { readonly token?: unknown }): Promise<Admission> {
    const { who, origins } = this.entrance;
    const allowed = [...origins, ...corsOrigins(this.nsp.server.opts?.cors)];
    return this.#admittance.identify(who, request, auth?.token, allowed);
  }

  #holdSockets(): void {
    const { nsp } = this;
    const all = new Map(nsp.sockets);
    let isRemoving = false;
    nsp.sockets = new OwnSockets({
      all,
      tenantOf: (id) => this.#owners.get(id)?.tenantId,
      // A hook that runs as a tenant while the server closes sees that one's.
      isWithin: () => isRemoving || (this.isClosing() && !storage.getStore()?.tenant),
      forget: (id) => {
        this.#owners.get(id)?.stop?.();
        this.#owners.delete(id);
      },
    });
    const remove = nsp._remove;
    if (remove) {
      nsp._remove = (socket) => {
        isRemoving = true;
        try {
          remove.call(nsp, socket);
        } finally {
          isRemoving = false;
        }
      };
    }
    // The adapter behind the wall works with all sockets, whoever's context it is called in.
    const behind = new Proxy(nsp, {
      get: (target, property) => (property === 'sockets' ? all : Reflect.get(target, property, target)),
      set: (target, property, value) => Reflect.set(target, property, value, target),
    });
    let rooms = this.#wall(nsp.adapter, behind);
    // Whatever sets it, when, and how often: an adapter for Redis may come with `afterInit`.
    Object.defineProperty(nsp, 'adapter', {
      configurable: true,
      enumerable: true,
      get: () => rooms,
      set: (raw) => {
        rooms = this.#wall(raw, behind);
      },
    });
  }

  #wall(raw: unknown, behind: IoNamespace): TenantRooms {
    if (raw instanceof TenantRooms) return raw;
    const adapter = raw as RoomAdapter;
    adapter.nsp = behind;
    const { apply } = adapter;
    if (typeof apply === 'function') {
      // Another server asks for it outside of every tenant, and the rooms that it names are of one.
      adapter.apply = (opts, each) =>
        apply.call(adapter, opts, (socket) => {
          const store = this.#owners.get(socket.id)?.store;
          return store ? storage.run(store, each, socket) : each(socket);
        });
    }
    return new TenantRooms(adapter, this.nsp, this.#owners);
  }

  /** A middleware of the application's may have gone on from wherever its answer came. */
  #holdConnect(): void {
    const { nsp } = this;
    const connect = nsp._doConnect;
    if (typeof connect !== 'function') return;
    nsp._doConnect = (socket, done) => {
      const store = this.#owners.get(socket.id)?.store;
      if (store) storage.run(store, () => connect.call(nsp, socket, done));
      else connect.call(nsp, socket, done);
    };
  }

  /** S7, S8: a connection that is taken up again is identified before its session is looked for. */
  #holdRecovery(): void {
    const recovery = this.nsp.server.opts?.connectionStateRecovery;
    if (!recovery) return;
    recovery.skipMiddlewares = false;
    const { nsp } = this;
    const add = nsp._add;
    // Without it sessions are not restored, because nobody is known to ask for them.
    if (typeof add !== 'function') return;
    nsp._add = async (client, auth, done) => {
      if (typeof auth['pid'] !== 'string') return add.call(nsp, client, auth, done);
      const admission = await this.#identify(client, auth);
      this.#identified.set(auth, admission);
      const { tenant, refusal } = admission;
      return storage.run({ tenant, refusal }, () => add.call(nsp, client, auth, done));
    };
  }
}

/** The error that a client is told with `connect_error`: the code, as its message and in its data. */
const refused = ({ code }: TenancyError): Error => Object.assign(new Error(code), { data: { code } });
