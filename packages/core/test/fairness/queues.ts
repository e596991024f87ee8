import { EventEmitter, once } from 'node:events';
import type { Job, Queue } from 'bullmq';
import { type Fairness, fairnessOf, type Turn } from '../../src/bullmq/fairness/fairness.js';
import type { Backend, FairJob } from './backends.js';

export const tenant = (id: string) => ({ id, slug: id });

type Data = FairJob['data'];

export const jobs = (id: string, count: number, from = 0): { name: string; data: Data }[] =>
  Array.from({ length: count }, (_, index) => ({ name: 'work', data: { tenant: id, index: from + index } }));

/** Jobs of a tenant as a fair queue adds them. */
export async function addBulk(queue: Queue, fair: Fairness, id: string, count: number, from = 0, options = {}) {
  const at = { producer: queue, name: queue.name };
  const turns = await fair.turns(at, tenant(id), count);
  await queue.addBulk(
    jobs(id, count, from).map((job, index) => ({ ...job, opts: { ...options, ...(turns[index] as Turn) } })),
  );
}

/** Options of a job that is not to run at once. */
export async function laterTurn(queue: Queue, fair: Fairness, id: string): Promise<Turn> {
  const [turn] = await fair.turns({ producer: queue, name: queue.name }, tenant(id), 1, true);
  return turn as Turn;
}

/** Places for all that wait, by a process that has not asked before. */
export const placed = async (queue: Queue): Promise<void> => {
  await (fairnessOf(true) as Fairness).ending({ producer: queue, name: queue.name });
};

/** The order in which one worker of a fair queue did so many attempts. */
export async function worked(
  backend: Backend,
  name: string,
  count: number,
  process: (job: Job<Data>) => unknown = () => undefined,
): Promise<Data[]> {
  const order: Data[] = [];
  const counted = new EventEmitter();
  const enough = once(counted, 'enough');
  const fair = fairnessOf(true) as Fairness;
  const worker = backend.worker(
    name,
    async (job) => {
      const queue = { producer: worker, name };
      fair.started(queue);
      order.push(job.data);
      if (order.length === count) counted.emit('enough');
      try {
        await process(job as Job<Data>);
      } finally {
        await fair.ending(queue);
      }
    },
    { autorun: false, removeOnComplete: { count: 0 } },
  );
  const drained = once(worker, 'drained');
  void worker.run();
  await enough;
  await drained;
  await worker.close();
  return order;
}

/** How often a job ran after a later one of its tenant. */
export function inversions(order: readonly Data[]): number {
  const last = new Map<string, number>();
  let wrong = 0;
  for (const { tenant: id, index } of order) {
    const before = last.get(id) ?? -1;
    if (before > index) wrong += 1;
    last.set(id, Math.max(before, index));
  }
  return wrong;
}

/** The place of a tenant's last job: how many ran until then. */
export const lastOf = (order: readonly Data[], id: string): number =>
  order.findLastIndex((job) => job.tenant === id) + 1;
