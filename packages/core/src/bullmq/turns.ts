import type { Tenant } from '../tenant.js';
import type { Turn } from './fairness/fairness.js';
import { ownPriority } from './fairness/own-priority.js';
import type { Raw } from './raw.js';
import type { Wiring } from './wiring.js';

/** The maker of jobs: of which queue, with which client, for whom. */
export interface Producing {
  readonly client: Raw;
  readonly queueName: string;
  /** Of a flow's node that has one of its own. */
  readonly prefix?: string | undefined;
  readonly tenant: Tenant;
  readonly wiring: Wiring;
}

/**
 * Options of some jobs by which the tenants of a queue take turns (`fairness`); `null` where the application has not asked for it. `later`: none of
 * them is to run at once.
 *
 * @throws `tenancy_misconfigured` when the application gives a priority of its own, which would go before or after the jobs of every tenant.
 */
export function turnsOf(
  { client, queueName, prefix, tenant, wiring }: Producing,
  jobs: readonly (Raw | undefined)[],
  later = false,
): Promise<readonly Turn[]> | null {
  const { fairness } = wiring;
  if (!fairness) return null;
  if (jobs.some((opts) => opts?.['priority'])) throw ownPriority(queueName);
  const queue = { producer: client, name: queueName, prefix };
  const waits = jobs.map((opts) => later || Number(opts?.['delay'] ?? 0) > 0);
  return (async () => {
    const next = await fairness.turns(queue, tenant, waits.filter((one) => !one).length);
    const delayed = await fairness.turns(queue, tenant, waits.filter((one) => one).length, true);
    const taken = { next: 0, delayed: 0 };
    return waits.map((one) => (one ? delayed[taken.delayed++] : next[taken.next++]) as Turn);
  })();
}
