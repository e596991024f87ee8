import type { Arbitrary } from 'fast-check';
import type { KnownRows, Random } from './fuzzed-client.js';

/** A row that is there: mostly the tenant's own, or another tenant's. Null where there is none. */
export function someRow(
  random: Random,
  { own, others }: KnownRows,
): Arbitrary<Readonly<Record<string, unknown>>> | null {
  const parts = [
    ...(own.length > 0 ? [{ weight: 5, arbitrary: random.constantFrom(...own) }] : []),
    ...(others.length > 0 ? [{ weight: 2, arbitrary: random.constantFrom(...others) }] : []),
  ];
  return parts.length > 0 ? random.oneof(...parts) : null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A value that no row has, in the form of one that a row has. Null for a form it cannot make. */
export function freshLike(random: Random, like: unknown): Arbitrary<unknown> | null {
  const some = random.integer({ min: 1, max: 4 });
  if (typeof like === 'number') return some.map((n) => 1_900_000_000 + n);
  if (typeof like === 'bigint') return some.map((n) => 1_900_000_000n + BigInt(n));
  if (like instanceof Date) return some.map((n) => new Date(Date.UTC(1999, 0, n)));
  if (typeof like !== 'string') return null;
  if (UUID.test(like)) return some.map((n) => `f0220000-0000-4000-8000-00000000000${n}`);
  if (/^\d+$/.test(like)) return some.map((n) => String(1_900_000_000 + n));
  const room = Math.max(5, like.length);
  return some.map((n) => `fuzz-${n}`.slice(0, room));
}

/** The value in one of four cases. (`option` of fast-check cannot say so: its `freq` of 1 means never.) */
export function seldom<T>(random: Random, value: Arbitrary<T>): Arbitrary<T | undefined> {
  return random.oneof({ weight: 3, arbitrary: random.constant(undefined) }, { weight: 1, arbitrary: value });
}
