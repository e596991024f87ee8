import { setTimeout as sleep } from 'node:timers/promises';
import { isTenancyError } from '../errors/tenancy-error.js';

const PAUSES = [500, 1_000, 2_000, 4_000, 8_000];

/** Tries again for about 15 seconds, as when a database is restarted just then. What is configured wrongly stays so. */
export async function retried<T>(attempt: () => Promise<T>, signal: AbortSignal, pauses = PAUSES): Promise<T> {
  for (const pause of pauses) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || isTenancyError(error, 'tenancy_misconfigured')) throw error;
    }
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
  return attempt();
}
