import type { Tenant } from '../../tenant.js';
import { type Asked, QueueClock } from './queue-clock.js';
import { prioritiesFrom } from './tags.js';
import { type FairnessOption, weightsOf } from './weights.js';

/** The part of a BullMQ `Queue`, `Worker` or `FlowProducer` that leads to its Redis client or PostgreSQL pool. */
export type Producer = object;

/** A queue as `priorities` is asked about it. */
export interface FairQueue {
  /** The queue, or the producer of flows, that the jobs are about to be added with. */
  readonly producer: Producer;
  readonly name: string;
  /** Of a flow's node that has a `prefix` of its own. */
  readonly prefix?: string | undefined;
}

/** Turns between tenants, as priorities of BullMQ's own: nothing but `priorities` is needed, workers do nothing. */
export interface Fairness {
  /**
   * Priorities for the next `count` jobs of a tenant, in the order in which they are to be added.
   *
   * `later` for jobs that do not wait for a worker at once: delayed ones, parents of a flow, runs of a scheduler. They
   * are counted apart, so that what is due tonight holds up nothing that the tenant adds now.
   *
   * @throws `tenancy_misconfigured` when the tenant's weight is no finite number above 0.
   */
  priorities(queue: FairQueue, tenant: Tenant, count: number, when?: 'now' | 'later'): Promise<number[]>;
}

/**
 * Fairness as the application asked for it, or `null` where it did not.
 *
 * @throws `tenancy_misconfigured` when the option is neither `true` nor `{ weight }`.
 */
export function fairnessOf(option: FairnessOption | false | undefined): Fairness | null {
  if (option === undefined || option === false) return null;
  const weight = weightsOf(option);
  const clocks = new WeakMap<Producer, Map<string, QueueClock>>();
  return {
    async priorities({ producer, name, prefix }, tenant, count, when = 'now') {
      if (count === 0) return [];
      const step = 1 / weight(tenant);
      const asked: Asked = { lane: when === 'now' ? tenant.id : `${tenant.id}\t${when}`, count, step };
      return prioritiesFrom(await clockOf(clocks, producer, name, prefix).start(asked), asked);
    },
  };
}

function clockOf(
  clocks: WeakMap<Producer, Map<string, QueueClock>>,
  producer: Producer,
  name: string,
  prefix: string | undefined,
): QueueClock {
  let own = clocks.get(producer);
  if (!own) clocks.set(producer, (own = new Map()));
  const key = `${prefix ?? ''}\t${name}`;
  let clock = own.get(key);
  if (!clock) own.set(key, (clock = new QueueClock(producer, name, prefix)));
  return clock;
}
