import type { Tenant } from '../../tenant.js';
import { QueueClock } from './queue-clock.js';
import { LATER, prioritiesFrom } from './tags.js';
import { type FairnessOption, weightsOf } from './weights.js';

/** A queue, and what leads to its Redis client or PostgreSQL pool. */
export interface FairQueue {
  /** BullMQ's `Queue`, `Worker` or `FlowProducer`. */
  readonly producer: object;
  readonly name: string;
  /** Of a flow's node that has a `prefix` of its own. */
  readonly prefix?: string | undefined;
}

/** Options that a job of a fair queue is added with, besides those that the application gave. */
export interface Turn {
  readonly priority: number;
  /** The tenant's lane, and how much of the virtual time a job takes there: for a turn that comes later. */
  readonly tenancyTurn: string;
}

/** Turns between the tenants of a queue, as BullMQ's own priorities. */
export interface Fairness {
  /**
   * The turns of the next `count` jobs of a tenant, in the order in which they are to be added.
   *
   * @throws `tenancy_misconfigured` when the tenant's weight is no finite number above 0.
   */
  turns(queue: FairQueue, tenant: Tenant, count: number): Promise<Turn[]>;

  /**
   * The turn of a job that is not to run at once: delayed, parent of a flow, template of a scheduler. It takes its place among the others when it is
   * due, so that what is added for tonight holds up nothing now, and goes before nothing then.
   *
   * @throws `tenancy_misconfigured`
   */
  later(tenant: Tenant): Turn;

  /** Gives what has become due its place. For a worker at each job that it starts: asks at most every 100 ms, and never throws. */
  admit(queue: FairQueue): void;

  /** Before a failed attempt goes back: the next attempt is a turn more, or a tenant whose jobs all fail has ten of them for one. */
  again(job: { changePriority(options: { priority: number }): Promise<void> }): Promise<void>;
}

const ADMITTED_EVERY = 100;

/**
 * Fairness as the application asked for it, or `null` where it did not.
 *
 * @throws `tenancy_misconfigured` when the option is neither `true` nor `{ weight }`.
 */
export function fairnessOf(option: FairnessOption | false | undefined): Fairness | null {
  if (option === undefined || option === false) return null;
  const weight = weightsOf(option);
  const clocks = new WeakMap<object, Map<string, QueueClock>>();
  const clockOf = ({ producer, name, prefix }: FairQueue): QueueClock => {
    const own = entry(clocks, producer, () => new Map<string, QueueClock>());
    return entry(own, `${prefix ?? ''}\t${name}`, () => new QueueClock(producer, name, prefix));
  };
  const turn = (step: number, tenant: Tenant, priority: number): Turn => ({
    priority,
    tenancyTurn: `${step} ${tenant.id}`,
  });
  return {
    async turns(queue, tenant, count) {
      if (count === 0) return [];
      const step = 1 / weight(tenant);
      const start = await clockOf(queue).start({ lane: tenant.id, count, step });
      return prioritiesFrom(start, count, step).map((priority) => turn(step, tenant, priority));
    },
    later: (tenant) => turn(1 / weight(tenant), tenant, LATER),
    admit: (queue) => clockOf(queue).admit(ADMITTED_EVERY),
    again: (job) => job.changePriority({ priority: LATER }),
  };
}

interface Cache<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
}

function entry<K, V>(cache: Cache<K, V>, key: K, make: () => V): V {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}
