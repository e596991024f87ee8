import { TenancyConfigurationError } from '../errors/configuration-error.js';
import type { TenantRegistry } from '../registry/tenant-registry.js';
import type { StampSecrets } from '../stamp/stamp.js';

/** All that the clients and servers of one application have in common. */
export interface Wiring {
  readonly registry: TenantRegistry;
  readonly secrets: StampSecrets;
  readonly maxAge: number;
  readonly keptMaxAge: number;
  /** True for a pattern whose messages are nobody's. */
  readonly isShared: (route: string) => boolean;
}

/** By a client that an application has injected, or the prototype of those that it makes for each request. */
const wirings = new WeakMap<object, Wiring>();

/** The wiring of a client that is of no application. */
const OUTSIDE = { isShared: () => true } as unknown as Wiring;

/** Those of the applications that run in this process. */
const running = new Set<Wiring>();

/** Those that have not been initialized, or never will be: each with what wires the clients that it has by now. */
const starting = new Map<Wiring, () => void>();

/** By the modules of an application. */
const byModules = new WeakMap<object, Wiring>();

export function begins(wiring: Wiring, modules: object, wireClients: () => void): void {
  starting.set(wiring, wireClients);
  byModules.set(modules, wiring);
}

/** Once it has a server, or all of it has started: a start that fails is told to nobody. */
export const began = (wiring: Wiring): unknown => running.add(wiring);

/** Its clients are all wired. */
export const wired = (wiring: Wiring): unknown => starting.delete(wiring);

export function ended(wiring: Wiring): void {
  starting.delete(wiring);
  running.delete(wiring);
}

/** Has `client` send as a client of the application with `wiring`. */
export function wireClient(client: object, wiring: Wiring): void {
  wirings.set(client, wiring);
}

/**
 * Has a client that was made by hand send as one of an application; or as one of none, so that nothing is stamped: for what tests the
 * application from outside.
 *
 * @param modules - the application's `ModulesContainer`
 */
export function adoptClient(client: object, modules: object | null): void {
  const wiring = modules === null ? OUTSIDE : byModules.get(modules);
  if (wiring) wireClient(client, wiring);
}

/**
 * The wiring of the application that `client` is of: one that was made by hand is of the only one in the process. `undefined` where
 * there is none.
 *
 * @throws `tenancy_misconfigured` where there are several.
 */
export function wiringOf(client: object): Wiring | undefined {
  const known = knownWiringOf(client);
  if (known) return known;
  // A hybrid application may send before `init()`, once its microservices have started.
  for (const wireClients of starting.values()) wireClients();
  const found = starting.size > 0 ? knownWiringOf(client) : undefined;
  if (found) return found;
  const candidates = running.size > 0 ? running : starting;
  if (candidates.size <= 1) return candidates.keys().next().value;
  throw new TenancyConfigurationError(
    'TenantMicroservicesModule',
    'a client that was made by hand sends something, and several applications run in this process, any of which it may be of',
    'Make it with `ClientsModule.register(…)`, or provide it, so that it is found.',
  );
}

function knownWiringOf(client: object): Wiring | undefined {
  for (let owner: object | null = client; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    const known = wirings.get(owner);
    if (known) return known;
  }
  return undefined;
}
