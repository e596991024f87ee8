import { TenancyConfigurationError } from '../errors/configuration-error.js';
import type { Tenant } from '../tenant.js';
import type { Turn } from './fairness/fairness.js';
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
 * Options by which the tenants of a queue take turns (`fairness`); none where the application has not asked for it.
 *
 * @throws `tenancy_misconfigured` when the application gives a priority of its own, which would go before or after the jobs of every tenant.
 */
export function turnOf({ client, queueName, prefix, tenant, wiring }: Producing, given: Raw): Turn | undefined {
  const { fairness } = wiring;
  if (!fairness) return undefined;
  if (given['priority'] !== undefined && given['priority'] !== 0)
    throw new TenancyConfigurationError(
      'fairness',
      `takes over the priorities of the queue ${queueName}, and a job is given one`,
      'Leave `priority` out of its options and of `defaultJobOptions`. What is urgent has a queue of its own, or its tenant a greater weight.',
    );
  return fairness.turn({ producer: client, name: queueName, prefix }, tenant);
}
