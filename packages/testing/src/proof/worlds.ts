import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Tenant } from '@tenancy/core';
import type { IsolationHarness } from '../harness/isolation-harness.js';
import { type Finding, leakOf, leaks, notApplicable, proven } from './attacks/attack.js';
import { isClock, type Measured, measured } from './attacks/volatile.js';
import type { ProofOptions } from './proof-options.js';
import { type Attempt, type Call, Target } from './target/target.js';
import { transportTo } from './target/transport.js';

/** The answers of one world: of each call of the tenant's script, in order. */
interface World {
  readonly calls: readonly { readonly entrance: string; readonly attempt: Attempt; readonly answer: Measured }[];
  /** The first leak by name at each entrance. */
  readonly leaks: ReadonlyMap<string, Finding>;
}

/** Findings by the ids of entrances; where none stands, `otherwise` holds. */
export interface ComparedWorlds {
  readonly findings: ReadonlyMap<string, Finding>;
  readonly otherwise: Finding;
}

/**
 * Noninterference (Goguen and Meseguer 1982), tested by running the application again: a fresh one in which the tenant calls every
 * entrance while the other is silent, twice, to learn what moves by itself; and one in which the other has called everything
 * before. The tenant's script is the same, call for call, so that any difference is the other's doing. What was planted before is gone
 * afterwards, where the harness can remove it.
 *
 * @param deadline - the time, of `performance.now()`, after which no further call is made
 */
export async function comparedWorlds(
  harness: IsolationHarness,
  options: ProofOptions,
  deadline: number,
): Promise<ComparedWorlds> {
  const run = (isOtherThere: boolean) => world(harness, options, isOtherThere, deadline);
  try {
    // By turns: a clock that goes on between the two alone has gone on for the one between them as well.
    const first = await run(false);
    const together = await run(true);
    const alone = [first, await run(false)] as const;
    const suspects = differing(alone, together);
    const again = suspects.size > 0 ? differing(alone, await run(true)) : suspects;
    const findings = new Map(together.leaks);
    for (const [entrance, { path, attempt }] of again) {
      if (suspects.get(entrance)?.path !== path || findings.has(entrance)) continue;
      findings.set(
        entrance,
        leaks(`In a fresh application, its answer is another at ${path} once the other has called.`, attempt),
      );
    }
    return { findings, otherwise: proven('In a fresh application it answers as if the other had never called.') };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { findings: new Map(), otherwise: notApplicable(`No second application could be tried: ${why}`) };
  }
}

async function world(
  original: IsolationHarness,
  options: ProofOptions,
  isOtherThere: boolean,
  deadline: number,
): Promise<World> {
  await original.clean();
  await using harness = await original.fresh();
  const [own, other] = harness.tenants as readonly [Tenant, Tenant];
  const targets = targetsIn(harness, options, own, other);
  for (const target of targets) target.deadline = deadline;
  const calls: World['calls'][number][] = [];
  const found = new Map<string, Finding>();
  for (let round = 0; round < ROUNDS; round += 1) {
    if (isOtherThere) for (const target of targets) await target.attemptUnobserved(await calling(target, other));
    // What the other's calls do after their answers is not the tenant's.
    await sleep(SETTLED);
    for (const target of targets) {
      const attempt = await target.attempt(await calling(target, own));
      const leak = leakOf(attempt, target, 'After the other has called everything');
      if (leak && !found.has(target.entrance.id)) found.set(target.entrance.id, leak);
      calls.push({
        entrance: target.entrance.id,
        attempt,
        answer: new Map([...measured(attempt), ...exitsOf(attempt)]),
      });
    }
  }
  await harness.clean();
  return { calls, leaks: found };
}

/** How often the application went out by each way: to a listener of the other's, once more. */
function exitsOf({ observed }: Attempt): Measured {
  const counts = new Map<string, number>();
  for (const { exit, name } of observed) {
    // Ids and ports are others each time.
    const key = `exit ${exit} ${name.replaceAll(/[\w.-]*\d[\w.-]*/g, '#')}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** With new rows wherever rows may be used up, whatever the other did: alike in all worlds. */
async function calling({ harness, changesRows, own }: Target, tenant: Tenant): Promise<Call> {
  const rows = changesRows ? await harness.plant(tenant) : harness.planted(tenant);
  const identity = await harness.identityOf(tenant);
  return { identity, tenant, rows, ...(tenant !== own && { watched: [own] }) };
}

/** Milliseconds. */
const SETTLED = 50;

/** Of everything, and then of everything again: what is written at one entrance is read at another. */
const ROUNDS = 2;

/** Entrances that are called by themselves or by an example; those that end sessions or take rows away come last. */
function targetsIn(harness: IsolationHarness, options: ProofOptions, own: Tenant, other: Tenant): readonly Target[] {
  const targets = harness.entrances.flatMap((entrance) => {
    if (typeof options.exempt?.[entrance.id] === 'string' || ENDS_SESSIONS.test(entrance.id)) return [];
    const transport = transportTo(harness, entrance, options.examples?.[entrance.id]);
    return 'unknown' in transport ? [] : [new Target(harness, entrance, transport, own, other)];
  });
  const isLast = ({ entrance: { id } }: Target) => Number(/^DELETE /.test(id));
  return targets.sort((a, b) => isLast(a) - isLast(b));
}

const ENDS_SESSIONS = /log-?out|sign-?out|revoke|password/i;

/** Serial ids, as one sequence numbers the rows of all tenants, and moments, which are counted in seconds. */
const BY_ORDER = /(^|[.[\]_])id$|[a-z]Id$|^header (location|last-modified|expires)$/;

/** A list that is longer each time, where nothing is removed between two worlds, tells nothing of its rows. */
function isGrowing(path: string, one: Measured, two: Measured): boolean {
  return path.endsWith('.length') && one.get(path) !== two.get(path);
}

/** A limit by address counts the other's calls too, as both come from this machine. */
const TOO_MANY = 429;

type Suspect = { readonly path: string; readonly attempt: Attempt };

function differing([one, two]: readonly [World, World], other: World): ReadonlyMap<string, Suspect> {
  const suspects = new Map<string, Suspect>();
  for (const [n, { entrance, attempt, answer }] of other.calls.entries()) {
    const before = one.calls[n];
    const again = two.calls[n];
    if (!before || !again || suspects.has(entrance) || answer.get('status') === TOO_MANY) continue;
    const growing = [...before.answer.keys()]
      .filter((each) => isGrowing(each, before.answer, again.answer))
      .map((each) => each.slice(0, -'length'.length));
    const path = [...new Set([...before.answer.keys(), ...answer.keys()])].find(
      (each) =>
        !BY_ORDER.test(each) &&
        !growing.some((list) => each.startsWith(list) || each.startsWith(`${list.slice(0, -1)}[`)) &&
        isAnother([before.answer.get(each), again.answer.get(each)], answer.get(each)),
    );
    if (path !== undefined) suspects.set(entrance, { path, attempt });
  }
  return suspects;
}

/** Compares what moves by itself by its shape, where that stays: `1,234` and `5,678` are alike, `1.234` is not. */
function isAnother([one, two]: readonly [unknown, unknown], now: unknown): boolean {
  if (isClock(one) || isClock(now)) return false;
  if (isDeepStrictEqual(one, two)) return !isDeepStrictEqual(now, one);
  if (![one, two, now].every((each) => typeof each === 'string' && !MADE_UP.test(each))) return false;
  const [a, b, c] = [one, two, now].map((each) => shapeOf(each as string));
  return a === b && c !== a;
}

/** Random words have no shape that stays. */
const MADE_UP = /\p{L}\d|\d\p{L}/u;

function shapeOf(text: string): string {
  return text.replaceAll(/\p{L}+/gu, 'a').replaceAll(/\d/g, '0');
}
