import { setTimeout as sleep } from 'node:timers/promises';
import type { Tenant } from '@tenancy/core';
import type { IsolationHarness } from '../../harness/isolation-harness.js';
import { type Finding, leakOf, leaks, notApplicable, proven, unproven } from '../attacks/attack.js';
import { type Measured, measured } from '../attacks/volatile.js';
import { chosenOtherwise } from '../inputs/variations.js';
import type { Limit } from '../target/limit.js';
import type { Attempt, Target } from '../target/target.js';
import { crowd } from './crowd.js';
import { differing, type ScriptCall, type Suspect } from './differing.js';
import { quiet } from './quiet.js';
import { calling, targetsIn } from './targets.js';
import { Trials } from './trials.js';
import type { World, WorldOptions } from './world.js';

/** Findings by the ids of entrances; where none stands, `otherwise` holds. */
export interface ComparedWorlds {
  readonly findings: ReadonlyMap<string, Finding>;
  readonly otherwise: Finding;
  /** The entrances at which a tenant saw what it had written at another one, and those where it was written. */
  readonly shown: ReadonlySet<string>;
}

/**
 * Noninterference (Goguen and Meseguer 1982), tested by running the application again: a fresh one in which the tenant calls every
 * entrance while the other is silent, again and again, to learn what moves by itself; and ones in which the other has called
 * everything before. The tenant's script is the same, call for call, so that any difference is the other's doing. In one more, both call at
 * once. What was planted before is gone afterwards, where the harness can remove it.
 *
 * @param limit - after which no further call is made
 */
export async function comparedWorlds(
  harness: IsolationHarness,
  options: WorldOptions,
  limit: Limit,
): Promise<ComparedWorlds> {
  const findings = new Map<string, Finding>();
  const found = (entrance: string, finding: Finding) => {
    if (!findings.has(entrance)) findings.set(entrance, finding);
  };
  const trials = new Trials();
  const run = (meanwhile: Meanwhile) =>
    inFresh(harness, (fresh) => script({ harness: fresh, options, limit, trials, found }, meanwhile));
  // The longest that the other has taken for all of its calls.
  let milliseconds = 0;
  const otherCalls: Meanwhile = async (targets, other) => {
    const began = performance.now();
    await everything(trials, targets, other);
    milliseconds = Math.max(milliseconds, performance.now() - began);
  };
  // As much time passes: what was remembered for a moment is forgotten as well.
  const nobodyCalls: Meanwhile = () => sleep(Math.min(milliseconds, LONGEST_PAUSE));
  try {
    // With the other first: what a class or a module remembers outlives an application.
    const together = await run(otherCalls);
    const alone = [await run(async () => {}), await run(async () => {})];
    let suspects = differing(alone, together);
    // In turn, so that a clock goes on in between, and a draw has to fall alike again and again.
    for (let n = 0; n < CONFIRMATIONS && suspects.size > 0; n += 1) {
      const again = await run(otherCalls);
      alone.push(await run(nobodyCalls));
      suspects = alike(suspects, differing(alone, again));
    }
    for (const [entrance, { path, attempt }] of suspects) {
      found(
        entrance,
        leaks(`In a fresh application, its answer is another at ${path} once the other has called.`, attempt),
      );
    }
    const shown = await inFresh(harness, (fresh) => crowd({ harness: fresh, options, limit, trials, found }));
    for (const [entrance, why] of trials.givenUp)
      found(entrance, unproven(`In a fresh application it could not be tried: ${why}`));
    const otherwise = proven('In a fresh application it answers as if the other had never called.');
    return { findings, shown, otherwise };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const isOver = performance.now() > limit.deadline;
    return {
      findings,
      shown: new Set(),
      otherwise: isOver
        ? unproven(`Not tried to the end: ${why}`)
        : notApplicable(`No second application could be tried: ${why}`),
    };
  }
}

async function inFresh<R>(original: IsolationHarness, work: (fresh: IsolationHarness) => Promise<R>): Promise<R> {
  await original.clean();
  await using fresh = await original.fresh();
  const result = await work(fresh);
  await fresh.clean();
  return result;
}

/** The other's part in a world, before each round of the tenant's own calls. */
type Meanwhile = (targets: readonly Target[], other: Tenant) => Promise<void>;

/** Milliseconds that nobody calls, at most. */
const LONGEST_PAUSE = 10_000;

/** The answers to each call of the tenant's script, in order. */
async function script(world: World, meanwhile: Meanwhile): Promise<readonly ScriptCall[]> {
  const { harness, options, limit, trials, found } = world;
  const [own, other] = harness.tenants as readonly [Tenant, Tenant];
  const targets = targetsIn(harness, options, own, other);
  limit.holds(targets);
  const calls: ScriptCall[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await meanwhile(targets, other);
    // Until what calls do after their answers is done, alike in all worlds.
    await quiet(harness);
    for (const target of targets) {
      const { id } = target.entrance;
      const attempt = await trials.attempt(target, async () => target.attempt(await calling(target, own)));
      if (!attempt) continue;
      const leak = leakOf({ ...attempt, changes: [] }, target, 'After the other has called everything');
      if (leak) found(id, leak);
      const answer = new Map([...measured(attempt), ...exitsOf(attempt)]);
      calls.push({ step: `${round} ${id}`, entrance: id, attempt, answer });
    }
  }
  return calls;
}

/** The other writes before it reads, and chooses otherwise than the tenant does. */
async function everything(trials: Trials, targets: readonly Target[], other: Tenant): Promise<void> {
  const writesFirst = [...targets].sort((a, b) => Number(b.changesRows) - Number(a.changesRows));
  for (const target of writesFirst) {
    const call = await calling(target, other);
    await trials.attempt(target, () => target.attemptUnobserved(call));
    const request = target.changesRows ? target.transport.requestFor(call.rows, other) : null;
    const change = request && chosenOtherwise(target, request)?.change;
    if (change) {
      await trials.attempt(target, async () => target.attemptUnobserved({ ...(await calling(target, other)), change }));
    }
  }
}

/** How often the application went out by each way: to a listener of the other's, once more. Names hold ports and random folders. */
function exitsOf({ observed }: Attempt): Measured {
  const counts = new Map<string, number>();
  for (const { exit } of observed) counts.set(`number of ${exit}`, (counts.get(`number of ${exit}`) ?? 0) + 1);
  return counts;
}

/** The suspects of the second that differ at the same place as in the first. */
function alike(first: ReadonlyMap<string, Suspect>, second: ReadonlyMap<string, Suspect>): typeof second {
  return new Map([...second].filter(([entrance, { path }]) => first.get(entrance)?.path === path));
}

/** Further worlds, with the other and without, before anything is held against an entrance. */
const CONFIRMATIONS = 2;

/** Of everything, and then of everything again: what is written at one entrance is read at another. */
const ROUNDS = 2;
