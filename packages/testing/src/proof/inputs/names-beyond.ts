import type { HttpRequest } from '../../http-request.js';
import { nameOf, type Position, replaced, valueAt } from '../target/positions.js';
import type { Target } from '../target/target.js';
import type { Variation } from '../target/variation.js';

/**
 * Names of what the other has, as a tenant may write them where a name is put behind its own: out of its folder into the other's, and
 * the rest of the other's id where the own is its beginning.
 */
export function namesBeyond({ entrance: { route }, own, other }: Target, request: HttpRequest): readonly Variation[] {
  const before = [own.id, own.slug].flatMap((mine, n) => {
    const theirs = [other.id, other.slug][n] ?? '';
    return [`../${theirs}/`, ...(theirs.startsWith(mine) ? [theirs.slice(mine.length)] : [])];
  });
  const pattern = (route?.path ?? '').split('/');
  const inPath = pattern.flatMap((part, n): Position[] => (part.startsWith(':') ? [['path', n]] : []));
  const inQuery = Object.entries(request.query ?? {}).flatMap(([name, value]): Position[] =>
    typeof value === 'string' ? [['query', name]] : [],
  );
  return [...inPath, ...inQuery].flatMap((at) =>
    before.map((text) => ({
      name: `${text} before ${nameOf(at)}`,
      change: (each) => {
        const value = `${text}${String(valueAt(each, at))}`;
        return replaced(each, [[at, at[0] === 'path' ? encodeURIComponent(value) : value]]);
      },
    })),
  );
}
