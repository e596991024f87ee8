import { hostname } from 'node:os';
import { processStart } from './process-start.js';

/** The run of a test runner: what its workers have in common, and no other run has. */
export interface TestRun {
  readonly host: string;
  readonly pid: number;
  readonly start: string | null;
}

/** A worker that the runner has forked has a channel to it; otherwise it runs in the runner's own process. */
export async function currentRun(): Promise<TestRun> {
  const pid = process.send ? process.ppid : process.pid;
  return { host: hostname(), pid, start: await processStart(pid) };
}

/** True when the run has ended. Of another machine, nobody here can tell. */
export async function hasEnded({ host, pid, start }: TestRun): Promise<boolean> {
  return host === hostname() && (await processStart(pid)) !== start;
}

/** The worker's number, where the runner has several: `1`, `2`, … */
export function currentWorker(): string {
  const { VITEST_POOL_ID, JEST_WORKER_ID } = process.env;
  return (VITEST_POOL_ID ?? JEST_WORKER_ID ?? '0').replaceAll(/\D/g, '') || '0';
}
