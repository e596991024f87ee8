import { Logger } from '@nestjs/common';
import { markWall } from '../../leftovers/wall.js';
import type { Admittance } from '../connections/admittance.js';
import type { Entrance } from '../connections/gateways.js';
import { holdEngine } from './held-engine.js';
import { HeldNamespace } from './held-namespace.js';
import type { IoNamespace, IoServer, IoSocket, Next } from './shapes.js';

/** The places of a server. */
export interface IoPlaces {
  /** The entrance of a namespace, by its name, or by what dynamic ones are found by. */
  at(namespace: unknown): Entrance;
  /** The one that is asked for now, as its gateway names it. */
  readonly namespace?: unknown;
}

const logger = new Logger('Tenancy');
const servers = new WeakMap<IoServer, HeldServer>();

/** Holds a server with all its namespaces, once, and `asked`, the one that a gateway is at. */
export function holdIoServer(server: IoServer, places: IoPlaces, admittance: Admittance, asked?: IoNamespace): void {
  const held = servers.get(server) ?? new HeldServer(server, places, admittance);
  servers.set(server, held);
  if (asked) held.hold(asked, places.namespace);
}

class HeldServer {
  readonly #namespaces = new WeakMap<IoNamespace, HeldNamespace | null>();
  readonly #places: IoPlaces;
  readonly #admittance: Admittance;
  /** Names that dynamic namespaces are found by, which their children know nothing of. */
  readonly #parents = new Map<IoNamespace, unknown>();
  #isClosing = false;

  constructor(server: IoServer, places: IoPlaces, admittance: Admittance) {
    this.#places = places;
    this.#admittance = admittance;
    markWall(server);
    const { of, close, bind } = server;
    holdEngine(server.engine, admittance);
    // One that is attached later.
    if (bind) {
      server.bind = (engine) => {
        holdEngine(engine, admittance);
        return bind.call(server, engine);
      };
    }
    server.close = (...args) => {
      this.#isClosing = true;
      return close.apply(server, args);
    };
    server.of = (name, fn) => {
      // Its listeners come after ours.
      const nsp = of.call(server, name);
      this.hold(nsp, name);
      if (fn !== undefined) nsp.on('connect', fn);
      return nsp;
    };
    for (const nsp of server._nsps?.values() ?? [server.sockets]) this.hold(nsp, nsp.name);
    server.on('new_namespace', (nsp) => this.hold(nsp, nsp.name));
  }

  hold(nsp: IoNamespace, name: unknown): void {
    if (this.#namespaces.has(nsp) || this.#parents.has(nsp)) return;
    if (nsp.children) {
      this.#parents.set(nsp, name);
      markWall(nsp);
      // Its children have the middlewares that it has when they are made.
      nsp.use((socket, next) => this.#admit(socket, next));
      return;
    }
    const parent = [...this.#parents.keys()].find(({ children }) => children?.has(nsp));
    const entrance = this.#places.at(parent ? this.#parents.get(parent) : name);
    // Nothing there is a tenant's: it stays as socket.io made it.
    const held =
      entrance.door === "nobody's" ? null : new HeldNamespace(nsp, entrance, this.#admittance, () => this.#isClosing);
    this.#namespaces.set(nsp, held);
    if (held && !parent) nsp.use((socket, next) => this.#admit(socket, next));
  }

  #admit(socket: IoSocket, next: Next): void {
    const held = this.#namespaces.get(socket.nsp);
    if (held === null) next();
    else if (!held) next(new Error('tenant_required'));
    else {
      held.admit(socket, next).catch((error) => {
        logger.error(`${held.entrance.who} could not let a socket in: ${error}`);
        next(new Error('tenant_source_failed'));
      });
    }
  }
}
