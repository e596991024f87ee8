import { LATER } from './tags.js';

/** A job whose place may be taken from it. */
export interface Placed {
  changePriority(options: { priority: number }): Promise<void>;
}

/** Before a job goes back to wait: what it had taken was the turn of then, and would go before everybody's now. */
export const turnAgain = (job: Placed): Promise<void> => job.changePriority({ priority: LATER });
