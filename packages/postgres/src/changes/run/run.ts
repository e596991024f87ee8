import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { ChangeError } from '../plan/change-error.js';
import type { Step } from '../plan/step.js';
import type { ChangeProgress } from './progress.js';

/** Limits of a run, in milliseconds but for the share. */
export interface Limits {
  readonly lockTimeout: number;
  readonly statementTimeout: number;
  readonly giveUpAfter: number;
  readonly batchTime: number;
  readonly maxShare: number;
  readonly maxReplicationLag: number;
}

/** A change that is being made. */
export interface Run {
  readonly name: string;
  /** Does the work, and holds the lock that keeps other runs out. */
  readonly worker: Client;
  /** Sees whom the worker waits for, and says how far it has come. */
  readonly observer: Client;
  readonly workerPid: number;
  readonly limits: Limits;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((event: ChangeProgress) => void) | undefined;
}

/** A step that is being done: the first one has number 1. */
export interface Task<S extends Step = Step> {
  readonly run: Run;
  readonly step: S;
  readonly number: number;
  readonly of: number;
}

export function tell(
  { run, step, number, of }: Task,
  event: Omit<ChangeProgress, 'change' | 'step' | 'number' | 'of'>,
): void {
  run.onProgress?.({ change: run.name, step: step.name, number, of, ...event });
}

/** @throws `change_interrupted` where the signal says to stop. */
export function checkSignal({ name, signal }: Pick<Run, 'name' | 'signal'>): void {
  if (!signal?.aborted) return;
  throw new ChangeError(
    'change_interrupted',
    `${name} was told to stop. What is done is written down, and running it again goes on from there.`,
    { cause: signal.reason },
  );
}

export async function pause(run: Pick<Run, 'name' | 'signal'>, milliseconds: number): Promise<void> {
  await sleep(milliseconds, undefined, run.signal ? { signal: run.signal } : {}).catch(() => {});
  checkSignal(run);
}
