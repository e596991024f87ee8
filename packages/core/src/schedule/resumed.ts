import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { HeldLease } from './held-lease.js';
import type { Claim, Lock } from './lock/clock-lock.js';
import type { VisitResult } from './progress.js';
import { type Visit, visit } from './visit.js';

/** Milliseconds after which a run whose process is silent is gone on with. */
const LEASE = 10_000;
const logger = new Logger('TenantSchedule');

/** A visit that goes on where the last one of this `key` has ended, if that had not visited all. */
export async function resumed(place: string, lock: Lock, key: unknown, own: Visit): Promise<VisitResult> {
  if (typeof key !== 'string' || key === '' || key.includes('\0') || key.length > 500) {
    throw new TenancyConfigurationError(`${place}.resume.key`, 'is no name', 'Pass for example "reindex-2026-11".');
  }
  const lease = await claimed(place, lock, `run:${key}`, own.signal);
  const held = new HeldLease(lock, lease, LEASE, (error) => logger.warn(`${place}: ${String(error)}`));
  let result: VisitResult | undefined;
  try {
    result = await visit({
      ...own,
      signal: AbortSignal.any([own.signal, held.lost]),
      begin: (tenant) => held.begin(tenant),
      // One that failed is not done with.
      finish: async (tenant, isDone) => {
        if (isDone) await held.finish(tenant);
      },
    });
  } finally {
    await held.close(result?.failed === 0 && !own.signal.aborted);
  }
  if (held.lost.aborted) throw held.lost.reason;
  return result;
}

/** Waits no longer than it takes to know whether the other one is alive. */
async function claimed(place: string, lock: Lock, job: string, signal: AbortSignal) {
  const until = Date.now() + LEASE * 1.5;
  for (;;) {
    const claim: Claim = await lock.takeOver(job, LEASE);
    const answer = claim.state === 'done' ? await lock.claim(job, null, 1, LEASE) : claim;
    if (answer.state === 'mine') return answer.lease;
    if (Date.now() > until) break;
    await sleep(250, undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
  }
  throw new TenancyConfigurationError(
    `${place}.resume.key`,
    'is that of a run that another process has in hand',
    'Wait until it has ended, or give this one another key.',
  );
}
