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

/** A place at which an answer is another than in all worlds without the other. */
export interface Suspect {
  readonly path: string;
  readonly attempt: Attempt;
}

/** Serial ids, as one sequence numbers the rows of all tenants, and moments, which are counted in seconds. */
const BY_ORDER = /(^|[.[\]_])id$|[a-z]Id$|^header (location|last-modified|expires)$/;

/** A list that is longer each time, where nothing is removed between two worlds, tells nothing of its rows. */
function isGrowing(path: string, alone: readonly Measured[]): boolean {
  return path.endsWith('.length') && alone.some((each) => each.get(path) !== alone[0]?.get(path));
}

/** Whoever comes first fetches a token for all: it goes out less often then, and as often as at another time of the tenant alone. */
function isFirstTime(
  path: string,
  { entrance, step, answer }: ScriptCall,
  alone: readonly (readonly ScriptCall[])[],
): boolean {
  if (!path.startsWith('number of ')) return false;
  const now = answer.get(path);
  const before = alone[0]?.find((each) => each.step === step)?.answer.get(path);
  if (Number(now ?? 0) > Number(before ?? 0)) return false;
  return alone.some((calls) => calls.some((each) => each.entrance === entrance && each.answer.get(path) === now));
}

/** A limit by address counts the other's calls too, as both come from this machine. */
const TOO_MANY = 429;

/**
 * The first such place of each entrance.
 *
 * @param alone - the calls of each world without the other
 */
export function differing(
  alone: readonly (readonly ScriptCall[])[],
  other: readonly ScriptCall[],
): ReadonlyMap<string, Suspect> {
  const suspects = new Map<string, Suspect>();
  const worlds = alone.map((calls) => new Map(calls.map((each) => [each.step, each.answer])));
  for (const call of other) {
    const { step, entrance, attempt, answer } = call;
    const before = worlds.flatMap((world) => world.get(step) ?? []);
    if (before.length < worlds.length || suspects.has(entrance) || answer.get('status') === TOO_MANY) continue;
    const known = [...(before[0]?.keys() ?? [])];
    const growing = known.filter((each) => isGrowing(each, before)).map((each) => each.slice(0, -'length'.length));
    const path = [...new Set([...known, ...answer.keys()])].find(
      (each) =>
        !BY_ORDER.test(each) &&
        !isFirstTime(each, call, alone) &&
        !growing.some((list) => each.startsWith(list) || each.startsWith(`${list.slice(0, -1)}[`)) &&
        isAnother(
          before.map((values) => values.get(each)),
          answer.get(each),
        ),
    );
    if (path !== undefined) suspects.set(entrance, { path, attempt });
  }
  return suspects;
}

/** Compares what moves by itself by its shape, where that stays: `1,234` and `5,678` are alike, `1.234` is not. */
function isAnother(before: readonly unknown[], now: unknown): boolean {
  const [one] = before;
  if (isClock(one) || isClock(now)) return false;
  if (before.every((each) => isDeepStrictEqual(each, one))) return !isDeepStrictEqual(now, one);
  const all = [...before, now];
  if (!all.every((each) => typeof each === 'string' && !MADE_UP.test(each) && !MOMENT.test(each))) return false;
  const shapes = before.map((each) => shapeOf(each as string));
  return new Set(shapes).size === 1 && shapes[0] !== shapeOf(now as string);
}

/** A time of a row, whose fraction of a second has as many digits as it has. */
const MOMENT = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d/;

/** Random words have no shape that stays. */
const MADE_UP = /\p{L}\d|\d\p{L}/u;

function shapeOf(text: string): string {
  return text.replaceAll(/\p{L}+/gu, 'a').replaceAll(/\d/g, '0');
}
