import { isDeepStrictEqual } from 'node:util';
import { isClock, type Measured } from '../attacks/volatile.js';
import type { Attempt } from '../target/target.js';

/** A call of the tenant's script in one world. */
export interface ScriptCall {
  /** The same for the same call of another world. */
  readonly step: string;
  readonly entrance: string;
  readonly attempt: Attempt;
  readonly answer: Measured;
}

/** A place at which an answer is another than in both worlds without the other. */
export interface Suspect {
  readonly path: string;
  readonly attempt: Attempt;
}

/** Serial ids, as one sequence numbers the rows of all tenants, and moments, which are counted in seconds. */
const BY_ORDER = /(^|[.[\]_])id$|[a-z]Id$|^header (location|last-modified|expires)$/;

/** A list that is longer each time, where nothing is removed between two worlds, tells nothing of its rows. */
function isGrowing(path: string, one: Measured, two: Measured): boolean {
  return path.endsWith('.length') && one.get(path) !== two.get(path);
}

/** A limit by address counts the other's calls too, as both come from this machine. */
const TOO_MANY = 429;

/** The first such place of each entrance. */
export function differing(
  [one, two]: readonly [readonly ScriptCall[], readonly ScriptCall[]],
  other: readonly ScriptCall[],
): ReadonlyMap<string, Suspect> {
  const suspects = new Map<string, Suspect>();
  const byStep = (calls: readonly ScriptCall[]) => new Map(calls.map((each) => [each.step, each]));
  const [first, second] = [byStep(one), byStep(two)];
  for (const { step, entrance, attempt, answer } of other) {
    const [before, again] = [first.get(step), second.get(step)];
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
  if (![one, two, now].every((each) => typeof each === 'string' && !MADE_UP.test(each) && !MOMENT.test(each)))
    return false;
  const [a, b, c] = [one, two, now].map((each) => shapeOf(each as string));
  return a === b && c !== a;
}

/** A time of a row, whose fraction of a second has as many digits as it has. */
const MOMENT = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;

/** Random words have no shape that stays. */
const MADE_UP = /\p{L}\d|\d\p{L}/u;

function shapeOf(text: string): string {
  return text.replaceAll(/\p{L}+/gu, 'a').replaceAll(/\d/g, '0');
}
