import type { Tenant } from '../tenant.js';
import type { Turn } from './fairness/fairness.js';
import type { Raw } from './raw.js';
import type { Wiring } from './wiring.js';

/** The maker of jobs: of which queue, with which client, for whom. */
export interface Producing {
  readonly client: Raw;
  readonly queueName: string;
  readonly tenant: Tenant;
  readonly wiring: Wiring;
}

/**
 * Options of each job by which the tenants of a queue take turns (`fairness`); none where the application has not asked for
 * it. `later`: none of them is to run at once.
 */
export async function turnsOf(
  { client, queueName, tenant, wiring }: Producing,
  jobs: readonly (Raw | undefined)[],
  when?: 'later',
  prefix?: string,
): Promise<readonly (Turn | undefined)[]> {
  const { fairness } = wiring;
  if (!fairness) return [];
  const waits = jobs.map((opts) => when === 'later' || Number(opts?.['delay'] ?? 0) > 0);
  const count = waits.filter((later) => !later).length;
  const turns = await fairness.turns({ producer: client, name: queueName, prefix }, tenant, count);
  let next = 0;
  return waits.map((later) => (later ? fairness.later(tenant) : turns[next++]));
}
