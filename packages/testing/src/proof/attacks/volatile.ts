import { isVolatileHeader } from '../../harness/volatile-headers.js';
import type { Attempt } from '../target/target.js';

/** An answer, as values by path. */
export type Measured = ReadonlyMap<string, unknown>;

/** Every value of an answer: its status, its headers, its body. */
export function measured({ answer, seen }: Attempt): Measured {
  const values = new Map<string, unknown>();
  if (answer) {
    values.set('status', answer.status);
    values.set('phrase of the status', answer.statusText);
    for (const [name, value] of Object.entries(answer.headers)) {
      // A validator is as good as the body that it stands for, and is another where that is.
      if ((!isVolatileHeader(name) || name === 'etag') && name !== 'set-cookie')
        values.set(`header ${name}`, asNumber([value].flat().join(', ')));
    }
  }
  collect(answer ? answer.body : seen, '$', values);
  return values;
}

function collect(value: unknown, path: string, into: Map<string, unknown>): void {
  if (Array.isArray(value)) {
    into.set(`${path}.length`, value.length);
    for (const [n, item] of value.entries()) collect(item, `${path}[${n}]`, into);
  } else if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    for (const [key, each] of Object.entries(value)) collect(each, `${path}.${key}`, into);
  } else {
    into.set(path, value instanceof Date ? value.toISOString() : value);
  }
}

/**
 * The paths at which the last answer is another than the three before it let expect: they were alike, or went on by the same step. A place
 * that moved by itself in another way tells nothing.
 */
export function changedPaths([one, two, three]: readonly [Measured, Measured, Measured], last: Measured): string[] {
  const paths = new Set([...three.keys(), ...last.keys()]);
  // The rows of a list that grows by itself are others each time; only how much it grows tells something.
  const growing = [...three.keys()].filter((path) => path.endsWith('.length') && one.get(path) !== three.get(path));
  const isInGrowing = (path: string) =>
    growing.some((length) => path.startsWith(`${length.slice(0, -'.length'.length)}[`));
  return [...paths].filter((path) => {
    if (isInGrowing(path)) return false;
    const values = [one, two, three].map((each) => each.get(path));
    const [a, b, c] = values;
    const now = last.get(path);
    if (isClock(c) && isClock(now)) return false;
    if (a === b && b === c) return now !== c;
    if (typeof a === 'number' && typeof b === 'number' && typeof c === 'number' && b - a === c - b)
      return now !== c + (c - b);
    return false;
  });
}

/** The time of the answer, rather than that of a row: as text, or in milliseconds or seconds. */
export function isClock(value: unknown): boolean {
  const isText = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value);
  const times = isText ? [Date.parse(value)] : typeof value === 'number' ? [value, value * 1_000] : [];
  return times.some((time) => Math.abs(Date.now() - time) < 5_000);
}

function asNumber(text: string): unknown {
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}
