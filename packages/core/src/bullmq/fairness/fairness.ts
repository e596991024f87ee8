import type { Tenant } from '../../tenant.js';
import { laneOf } from './lane-of.js';
import { QueueTurns } from './queue-turns.js';
import { type Placed, turnAgain } from './turn-again.js';
import { type FairnessOption, weightsOf } from './weights.js';

/** A queue, and what leads to its Redis client or PostgreSQL pool. */
export interface FairQueue {
  /** BullMQ's `Queue`, `Worker` or `FlowProducer`. */
  readonly producer: object;
  readonly name: string;
  /** Of a flow's node that has a `prefix` of its own. */
  readonly prefix?: string | undefined;
}

/** Options that every job of a fair queue is added with, besides those that the application gave. */
export interface Turn {
  /** Its place, or BullMQ's last priority until it has one. */
  readonly priority: number;
  /** How much of the queue's virtual time the job takes, and whose. */
  readonly tenancyTurn: string;
}

/** Turns between the tenants of a queue, as BullMQ's own priorities. */
export interface Fairness {
  /**
   * Options of the next `count` jobs of a tenant, in the order in which they are to be added. `later`: what is delayed, parent of a flow or a
   * scheduler's template has no place among the others before it waits for a worker, so that what is added for tonight holds up nothing now, and
   * goes before nothing then.
   *
   * On Redis that is so for every job, and takes no round trip: places are given a moment later, to all at once.
   *
   * @throws `tenancy_misconfigured` when the tenant's weight is no finite number above 0.
   */
  turns(queue: FairQueue, tenant: Tenant, count: number, later?: boolean): readonly Turn[] | Promise<readonly Turn[]>;

  /** For a worker that starts a job: now and then, and for nobody to wait for, gives the jobs that wait their places. */
  started(queue: FairQueue): void;

  /** For a worker, before a job ends and it takes the next one: so that after a long one it is the turn of whoever came meanwhile. Never rejects. */
  ending(queue: FairQueue): Promise<void> | undefined;

  /** Before a failed attempt goes back: the next attempt is a turn more, or a tenant whose jobs all fail has ten of them for one. */
  again(job: Placed): Promise<void>;
}

/**
 * Fairness as the application asked for it, or `null` where it did not.
 *
 * @throws `tenancy_misconfigured` when the option is neither `true` nor `{ weight }`.
 */
export function fairnessOf(option: FairnessOption | false | undefined): Fairness | null {
  if (option === undefined || option === false) return null;
  const weight = weightsOf(option);
  const queues = new WeakMap<object, Map<string, QueueTurns>>();
  const turnsOf = ({ producer, name, prefix = '' }: FairQueue): QueueTurns => {
    const own = entry(queues, producer, () => new Map<string, QueueTurns>());
    return entry(own, `${prefix}\t${name}`, () => new QueueTurns(producer, name, prefix || undefined));
  };
  return {
    turns(queue, tenant, count, later = false) {
      const step = 1 / weight(tenant);
      const lane = laneOf(tenant.id);
      const turns = (priorities: readonly number[]) =>
        priorities.map((priority) => ({ priority, tenancyTurn: `${step} ${lane}` }));
      const priorities = turnsOf(queue).priorities({ lane, count, step }, later);
      return priorities instanceof Promise ? priorities.then(turns) : turns(priorities);
    },
    started: (queue) => turnsOf(queue).started(),
    ending: (queue) => turnsOf(queue).ending(),
    again: turnAgain,
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
