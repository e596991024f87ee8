import { setTimeout as sleep } from 'node:timers/promises';
import type { Canary } from './migrate-options.js';

/** The course of a run over many targets. */
export interface Course<Item> {
  readonly workers: number;
  readonly canary: Canary | null;
  readonly maxFailures: number;
  /** How many targets the items are, of which the share of failures is one. */
  readonly targets: number;
  readonly signal: AbortSignal | null;
  /** The tenant of an item, by which canaries are named. */
  readonly tenantOf: (item: Item) => string | null;
  /** Brings one item up to date, and says how many of its targets failed. The worker is a number below `workers`. */
  readonly run: (item: Item, worker: number) => Promise<number>;
  readonly onCanary: (items: number) => void;
}

/**
 * Works through items: the canaries first, then, with leave, all others, `workers` at a time. A canary that fails ends the run, and so
 * does a share of failures above `maxFailures`.
 *
 * @returns why it ended before its end; null where it did not
 */
export async function throughRings<Item>(items: readonly Item[], course: Course<Item>): Promise<string | null> {
  const { canary, maxFailures, targets, tenantOf, onCanary, signal } = course;
  const isCanary = canaryOf(items, canary, tenantOf);
  const first = items.filter(isCanary);
  const others = items.filter((item) => !isCanary(item));
  if (canary && first.length > 0) {
    onCanary(first.length);
    const stopped = await ring(first, course, 0);
    if (stopped !== null) return `at the canaries, ${stopped.why}`;
    if (others.length > 0) {
      if (canary.pauseMillis) await sleep(canary.pauseMillis, undefined, signal ? { signal } : {}).catch(() => {});
      if (canary.confirm && (await canary.confirm()) !== true) return 'after the canaries, as it was not confirmed';
    }
  }
  const stopped = await ring(others, course, Math.floor(maxFailures * targets));
  return stopped?.isEarly ? stopped.why : null;
}

/** Says which of the items go before all others. */
export function canaryOf<Item>(
  items: readonly Item[],
  canary: Canary | null,
  tenantOf: Course<Item>['tenantOf'],
): (item: Item) => boolean {
  if (!canary) return () => false;
  const { tenants } = canary;
  if (typeof tenants === 'number') {
    const first = new Set(items.slice(0, tenants));
    return (item) => first.has(item);
  }
  return (item) => tenants.includes(tenantOf(item) ?? '');
}

async function ring<Item>(
  items: readonly Item[],
  { workers, signal, run }: Course<Item>,
  mayFail: number,
): Promise<{ readonly why: string; readonly isEarly: boolean } | null> {
  let next = 0;
  let failures = 0;
  let stopped: string | null = null;
  const work = async (worker: number) => {
    while (next < items.length && stopped === null) {
      if (signal?.aborted) {
        stopped = 'as it was asked to';
        return;
      }
      const item = items[next] as Item;
      next += 1;
      failures += await run(item, worker);
      if (failures > mayFail) stopped = `after ${failures === 1 ? 'a failure' : `${failures} failures`}`;
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, items.length) }, (_, worker) => work(worker)));
  return stopped === null ? null : { why: stopped, isEarly: next < items.length };
}
