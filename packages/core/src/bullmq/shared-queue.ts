import { refuseForged } from './own-options.js';
import type { Raw } from './raw.js';
import { forgedOption } from './refused.js';

/**
 * Refuses what would make a job of nobody one of a tenant: a stamp, or a parent in another queue, which would get its result.
 *
 * @throws `tenant_switch_refused`
 */
export function refuseTenanted(opts: Raw | undefined, qualifiedName?: string): void {
  refuseForged(opts, ['repeat']);
  const parent = opts?.['parent'] as { readonly queue?: unknown } | undefined;
  if (parent && parent.queue !== qualifiedName) {
    throw forgedOption('parent', 'A job of a shared queue has no parent in another one. Use a flow, inside a tenant.');
  }
}

/** A queue of nobody's jobs is BullMQ's own but for that. */
export function sharedQueue(queue: Raw): Raw {
  const { add, addBulk } = queue as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const qualifiedName = queue['qualifiedName'] as string;
  queue['add'] = async (name: string, data: unknown, opts?: Raw) => {
    refuseTenanted(opts, qualifiedName);
    return await add?.call(queue, name, data, opts);
  };
  queue['addBulk'] = async (jobs: readonly { readonly opts?: Raw }[]) => {
    for (const { opts } of jobs) refuseTenanted(opts, qualifiedName);
    return await addBulk?.call(queue, jobs);
  };
  return queue;
}
