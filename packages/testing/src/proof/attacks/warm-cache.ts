import type { Tenant } from '@tenancy/core';
import { findCanaries } from '../../canaries/find-canaries.js';
import { IN_COMMON } from '../inputs/variations.js';
import type { Attempt, Target } from '../target/target.js';
import type { Variation } from '../target/variation.js';
import { type Attack, type Finding, leakOf, leaks, proven, statusOf, unproven } from './attack.js';

/** The other has called the same before, so that whatever is remembered is the other's. */
export const warmCache: Attack = {
  name: 'warm-cache',
  run: async (target) => {
    const before = await target.attempt(await target.asItself(target.other));
    await target.attempt(await target.asItself(target.other));
    const after = await target.attempt(await target.asItself());
    const leak = leakOf(after, target, "After the other's request");
    if (leak) return leak;
    const shared = samePlace(before, after, target);
    if (shared) return leaks(`Both tenants write to the same place: ${shared}.`, after);
    if (after.isRefused)
      return unproven(`After the other's request, the own one was answered with ${statusOf(after)}.`, after);
    // What the other has just asked for is warm: the same request, word for word, must not be answered from there.
    const theirs = await target.asItself(target.other);
    await target.attempt(theirs);
    const call = await target.asItself();
    const same = await target.attempt({ ...call, rows: theirs.rows });
    return (
      leakOf(same, target, "By the other's own request, while it was warm") ??
      (await varied(target)) ??
      proven("Nothing of the other's was remembered.")
    );
  },
};

/** A file or an object of one name that holds what the tenant wrote: whoever comes last is what both get. */
function samePlace(theirs: Attempt, mine: Attempt, { harness, own, other }: Target): string | null {
  const written = (attempt: Attempt, tenant: Tenant) =>
    attempt.observed.flatMap(({ exit, name, payload }) =>
      PLACES.includes(exit) && findCanaries(payload, harness.canaries.of(tenant)).length > 0 ? [`${exit} ${name}`] : [],
    );
  const places = written(theirs, other);
  return written(mine, own).find((place) => places.includes(place)) ?? null;
}

const PLACES = ['file', 'command'];

/** With inputs that both give alike: a key of a cache that has them, and not the tenant. */
async function varied(target: Target): Promise<Finding | null> {
  if (!target.transport.requestFor(target.harness.planted(target.own), target.own)) return null;
  for (const variation of [...IN_COMMON, ...target.kept]) {
    const leak = await warm(target, variation);
    if (leak) return leak;
  }
  return null;
}

async function warm(target: Target, { name, change }: Variation): Promise<Finding | null> {
  await target.attempt(await target.asItself(target.other, { change }));
  const after = await target.attempt(await target.asItself(target.own, { change }));
  return leakOf(after, target, `After the other's request with ${name}`);
}
