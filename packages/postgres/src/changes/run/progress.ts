import type { Blocker } from '../../direct/blockers.js';

/** A moment of a change, as `onProgress` is told. */
export interface ChangeProgress {
  /** Name of the change. */
  readonly change: string;
  /** Name of the step. */
  readonly step: string;
  /** Number of the step, from 1 on, and of all. */
  readonly number: number;
  readonly of: number;
  /**
   * - `started`, `done`: a step begins and ends.
   * - `filling`: a batch of a backfill was committed.
   * - `waiting`: for `blockers`, for a replica or for another run, as `for` says.
   */
  readonly state: 'started' | 'filling' | 'waiting' | 'done';
  readonly for?: 'lock' | 'replica' | 'run';
  readonly blockers?: readonly Blocker[];
  /** Rows that the backfill has been past, of about `estimate`. */
  readonly rows?: number;
  readonly estimate?: number;
  /** Rows in a second. */
  readonly rate?: number;
  readonly endsAt?: Date;
}
