import type { TenantRegistry } from '../registry/tenant-registry.js';
import type { StampSecrets } from '../stamp/stamp.js';
import type { Fairness } from './fairness/fairness.js';

/** All that the queues, workers and flow producers of one application have in common. */
export interface Wiring {
  readonly registry: TenantRegistry;
  readonly secrets: StampSecrets;
  /** Names of queues whose jobs are nobody's. */
  readonly shared: ReadonlySet<string>;
  readonly fairness: Fairness | null;
}

/** Nest's injection token of it. */
export const WIRING = Symbol('@tenancy/core/bullmq:wiring');

const OPTION = Symbol('@tenancy/core/bullmq:option');
const wirings = new WeakMap<object, Wiring>();
const tokens = new WeakMap<Wiring, object>();

/**
 * The classes that BullModule is given are those of the process, and several applications may run in it: each finds its own wiring
 * by its options. They hold a token, because a `queue.opts` that is logged or copied must not show a secret.
 */
export function wiredOptions(wiring: Wiring): object {
  let token = tokens.get(wiring);
  if (!token) {
    token = Object.freeze({});
    tokens.set(wiring, token);
    wirings.set(token, wiring);
  }
  return { [OPTION]: token };
}

/** The wiring of a queue or flow producer, by its options. */
export function wiringIn(options: object | undefined): Wiring | undefined {
  const token = (options as { readonly [OPTION]?: object } | undefined)?.[OPTION];
  return token && wirings.get(token);
}

let active: Wiring | undefined;

/** Nest passes a worker none of the application's options, and makes it while this runs. */
export function whileWiring<R>(wiring: Wiring, fn: () => R): R {
  const before = active;
  active = wiring;
  try {
    return fn();
  } finally {
    active = before;
  }
}

let latest: { readonly queueName: string; readonly wiring: Wiring } | undefined;

/** `registerQueue({ processors })` of a module that is loaded lazily makes its workers right after their queue. */
export function besideQueue(queueName: string, wiring: Wiring): void {
  const own = (latest = { queueName, wiring });
  queueMicrotask(() => {
    if (latest === own) latest = undefined;
  });
}

/** The wiring of a worker that is being made. */
export const workerWiring = (queueName: string): Wiring | undefined =>
  active ?? (latest?.queueName === queueName ? latest.wiring : undefined);
