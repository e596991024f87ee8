import { isTelling } from '../../canaries/telling.js';
import type { HttpRequest } from '../../http-request.js';
import { nameOf, type Position, replaced, valueAt } from '../target/positions.js';
import type { Target } from '../target/target.js';
import { inQuery, type Variation } from '../target/variation.js';
import { textParameters } from './query-parameters.js';

/**
 * Names of what the other has, as a tenant may write them where a name is put behind its own: out of its folder into the other's, and
 * the rest of the other's id where the own is its beginning.
 */
export function namesBeyond({ entrance: { route }, own, other }: Target, request: HttpRequest): readonly Variation[] {
  const before = [own.id, own.slug].flatMap((mine, n) => {
    const theirs = [other.id, other.slug][n] ?? '';
    // The second one for an application that takes the first step out away.
    return [`../${theirs}/`, `../../${theirs}/`, ...(theirs.startsWith(mine) ? [theirs.slice(mine.length)] : [])];
  });
  const pattern = (route?.path ?? '').split('/');
  const inPath = pattern.flatMap((part, n): Position[] => (part.startsWith(':') ? [['path', n]] : []));
  const ofQuery = Object.entries(request.query ?? {}).flatMap(([name, value]): Position[] =>
    typeof value === 'string' ? [['query', name]] : [],
  );
  return [...inPath, ...ofQuery].flatMap((at) =>
    before.map((text) => ({
      name: `${text} before ${nameOf(at)}`,
      change: (each) => {
        const value = `${text}${String(valueAt(each, at))}`;
        return replaced(each, [[at, at[0] === 'path' ? encodeURIComponent(value) : value]]);
      },
    })),
  );
}

/** Parameters that what the other was answered has a value of the same name for: a ticket, a code, a token. */
export function answered(target: Target, answers: readonly unknown[]): readonly Variation[] {
  return [...textParameters(target)].flatMap((name) => {
    const values = answers.flatMap((each) => valuesNamed(name, each)).filter((value) => isTelling(value));
    return [...new Set(values)].slice(-2).map((value) => inQuery(name, value));
  });
}

function valuesNamed(name: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === name && typeof each === 'string' ? [each] : valuesNamed(name, each),
  );
}

/** Signs for all in each parameter of the query, as a search takes them: of a pattern, of `LIKE`, of the application's own making. */
export function signsForAll(target: Target): readonly Variation[] {
  return [...textParameters(target)].flatMap((name) => ['%', '*', '|.*'].map((sign) => inQuery(name, sign)));
}
