import type { Tenant } from '@tenancy/core';
import { findCanaries } from '../../canaries/find-canaries.js';
import type { Planted } from '../../canaries/planted.js';
import { leakOf } from '../attacks/attack.js';
import { answered, namesBeyond, signsForAll } from '../inputs/names-beyond.js';
import { underIdsOf } from '../target/read-rows.js';
import type { Call, Target } from '../target/target.js';
import { Done } from './done.js';
import { quiet } from './quiet.js';
import { calling, targetsIn } from './targets.js';
import type { World } from './world.js';

/**
 * A fresh application in which both tenants call at once while nothing is known yet, then in a crowd, then with each other's rows; in
 * the end each reads everything. Held against it are the other's texts alone, so that no answer has to be the same as before.
 *
 * @returns the entrances at which a tenant saw what it had written at another one, and those where it was written
 */
export async function crowd({ harness, options, limit, trials, found }: World): Promise<ReadonlySet<string>> {
  const [one, another] = harness.tenants as readonly [Tenant, Tenant];
  const pairs = [targetsIn(harness, options, one, another), targetsIn(harness, options, another, one)] as const;
  limit.holds(pairs.flat());
  const shown = new Set<string>();
  const done = new Map([one, another].map((tenant) => [tenant, new Done()]));
  const doneBy = (tenant: Tenant) => done.get(tenant) as Done;
  /** Calls, and looks for what is the other's and was never sent by the caller itself. */
  const looked = async (target: Target, call: Call, how: string, isObserved = false) => {
    const attempt = await trials.attempt(target, () =>
      isObserved ? target.attempt(call) : target.attemptUnobserved(call),
    );
    if (!attempt) return null;
    const own = doneBy(target.own);
    const leak = leakOf({ ...own.without(attempt), changes: [] }, target, how);
    if (leak) found(target.entrance.id, leak);
    own.add(target.entrance.id, attempt);
    return attempt;
  };
  const both = pairs[0].map((target, n) => [target, pairs[1][n] as Target] as const);
  const isByCall = ({ transport, own }: Target) => !transport.requestFor(harness.planted(own), own);
  const byCall = both.filter(([mine]) => isByCall(mine)).slice(0, MOST_TALKERS);

  for (const [mine, theirs] of both) {
    const calls = [mine, theirs, mine, theirs];
    const made = [];
    for (const target of calls) made.push([target, await calling(target, target.own)] as const);
    await Promise.all(
      made.map(([target, call]) => looked(target, call, 'While both called at once, and nothing was known yet')),
    );
  }
  // Whoever listens at one entrance hears what is said at another; by the other's ids too, so that it says nothing of the other's itself.
  const talkedOf = new Map([one, another].map((tenant) => [tenant, harness.planted(tenant)]));
  const talking = async (target: Target) => ({
    ...(await calling(target, target.own)),
    rows: talkedOf.get(target.own) as Planted,
  });
  for (const [mine] of byCall) {
    const others = byCall.map(([, theirs]) => theirs);
    const made = [];
    for (const target of others) made.push([target, await talking(target)] as const);
    const call = await talking(mine);
    for (const rows of [call.rows, underIdsOf(talkedOf.get(mine.other) as Planted, call.rows)]) {
      const all = [[mine, { ...call, rows }] as const, ...made];
      await Promise.all(all.map(([target, each]) => looked(target, each, 'While the other spoke')));
    }
  }
  for (const [mine, theirs] of both) {
    if (mine.changesRows || mine.entrance.kind === 'sse') continue;
    const [own, other] = [await calling(mine, mine.own), await calling(theirs, theirs.own)];
    const many = Array.from({ length: CROWD }, () => looked(theirs, other, 'In a crowd of requests'));
    await Promise.all([...many, ...[1, 2, 3].map(() => looked(mine, own, 'In a crowd of requests'))]);
  }
  for (const target of pairs.flat()) {
    const call = await calling(target, target.own);
    // A call of the author's own may send any value of theirs, of which nothing could be told apart afterwards.
    const rows = isByCall(target)
      ? underIdsOf(talkedOf.get(target.other) as Planted, call.rows)
      : harness.planted(target.other);
    await looked(target, { ...call, rows }, "With the other's rows");
    const request = target.changesRows ? null : target.transport.requestFor(call.rows, target.own);
    const variations = request
      ? [
          ...namesBeyond(target, request),
          ...signsForAll(target),
          ...answered(target, [...doneBy(target.other).answers.values()]),
        ]
      : [];
    for (const { name, change } of variations) {
      await looked(target, { ...call, change }, `With ${name}`);
    }
  }
  await quiet(harness);
  for (const target of pairs.flat()) {
    if (target.changesRows && target.transport.requestFor(harness.planted(target.own), target.own)) continue;
    const attempt = await looked(target, await calling(target, target.own), 'After everything that both did', true);
    if (!attempt) continue;
    const written = findCanaries(attempt.answer?.body ?? attempt.seen, harness.canaries.of(target.own));
    for (const { canary } of written) {
      const value = canary.value.toLowerCase();
      if (attempt.sent.includes(value)) continue;
      shown.add(target.entrance.id);
      for (const entrance of doneBy(target.own).writersOf(value)) shown.add(entrance);
    }
  }
  return shown;
}

/** Reads of the other's that are under way at once: more than pools and limits usually let through. */
const CROWD = 24;

/** Entrances by call of which each listens while all the others speak. */
const MOST_TALKERS = 12;
