import { TenancyConfigurationError } from '../../errors/configuration-error.js';

/** The error for a job that the application itself gives a place in a fair queue. */
export const ownPriority = (queueName: string): TenancyConfigurationError =>
  new TenancyConfigurationError(
    'fairness',
    `takes over the priorities of the queue ${queueName}, and a job is given one`,
    'Leave `priority` out of its options and of `defaultJobOptions`, and do not change it. What is urgent has a queue of its own, or its tenant a greater weight.',
  );
