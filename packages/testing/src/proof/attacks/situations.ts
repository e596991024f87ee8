import { setTimeout as sleep } from 'node:timers/promises';
import { failing, shortened } from '../inputs/disturbances.js';
import type { Target } from '../target/target.js';
import type { Variation } from '../target/variation.js';
import { type Attack, type Finding, leakOf, notApplicable, proven } from './attack.js';

/** Something goes wrong for one of them: the other hangs up, or fails half-way; or the own request fails where the other's went well. */
export const situations: Attack = {
  name: 'situations',
  isOneWay: true,
  run: async (target) => {
    const request = target.transport.requestFor(target.harness.planted(target.own), target.own);
    if (!request || !target.entrance.route) return notApplicable('It has no request that could be cut off or spoilt.');
    const spoilt = failing(target, request);
    const short = shortened(request);
    return (
      (await cancelled(target)) ??
      (await afterFailures(target, spoilt)) ??
      (await failingAfter(target, [...spoilt, ...(short ? [short] : [])])) ??
      proven('What the other cancelled or spoilt left nothing behind.')
    );
  },
};

/** Parts of the time that an answer takes at which the other hangs up. */
const MOMENTS = [0.25, 0.5, 0.8];

/** A reply that nobody waits for any more must not be taken for the next one's. */
async function cancelled(target: Target): Promise<Finding | null> {
  const began = performance.now();
  await target.attemptUnobserved(await target.asItself(target.other));
  const taken = performance.now() - began;
  for (const moment of MOMENTS) {
    const { identity, rows } = await target.asItself(target.other);
    const request = target.transport.requestFor(rows, target.other);
    if (!request) return null;
    await target.harness.hangUp(identity, request, taken * moment);
    // The other's own work may still go on, so that only the answer can be held against the tenant.
    const attempt = await target.attemptUnobserved(await target.asItself());
    target.harness.looks.delete(target.other.id);
    const leak = leakOf(attempt, target, 'After the other hung up');
    if (leak) return leak;
  }
  if (target.changesRows) await sleep(taken);
  return null;
}

/** Remains of a request that was given up half-way. */
async function afterFailures(target: Target, spoilt: readonly Variation[]): Promise<Finding | null> {
  for (const { change } of spoilt) await target.attemptUnobserved(await target.asItself(target.other, { change }));
  return spoilt.length > 0 ? plain(target, "After the other's requests failed") : null;
}

/** An answer that went well for the other, in place of one that fails; and what lies behind a short text. */
async function failingAfter(target: Target, spoilt: readonly Variation[]): Promise<Finding | null> {
  if (spoilt.length > 0) await target.attemptUnobserved(await target.asItself(target.other));
  for (const { name, change } of spoilt) {
    const attempt = await target.attempt(await target.asItself(target.own, { change }));
    const leak = leakOf(attempt, target, `With ${name}, after the other's request`);
    if (leak) return leak;
  }
  return null;
}

async function plain(target: Target, how: string): Promise<Finding | null> {
  return leakOf(await target.attempt(await target.asItself()), target, how);
}
