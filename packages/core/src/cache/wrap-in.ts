import type { Cache } from 'cache-manager';
import { isForeign, logForeign, opened, sealed } from './envelope.js';

/** The options of `wrap`, in either of the forms that cache-manager takes. */
interface Wrap {
  readonly ttl?: unknown;
  readonly refreshThreshold?: unknown;
  readonly raw?: boolean;
}

/** Answer of `wrap` with `raw: true`. */
interface Raw {
  readonly value: unknown;
}

/**
 * `wrap` of an owner's entry: K2: `key` is the owner's before cache-manager merges anything, and whatever it reloads, now or in the
 * background, it reloads for whoever has this key.
 */
export async function wrapIn(
  cache: Cache,
  owner: string,
  key: string,
  make: () => unknown,
  ttl?: unknown,
  refreshThreshold?: unknown,
): Promise<unknown> {
  const given: Wrap = isOptions(ttl) ? ttl : { ttl, refreshThreshold };
  const options = {
    ...given,
    ttl: ofValue(owner, given.ttl),
    refreshThreshold: ofValue(owner, given.refreshThreshold),
  } as { raw: true };
  const wrapped = () => cache.wrap(key, async () => sealed(owner, await make()), options);
  let answer = await wrapped();
  if (isForeign(owner, stored(given, answer))) {
    logForeign();
    await cache.del(key);
    answer = await wrapped();
    // A store that does not delete keeps nothing of this owner's either.
    if (isForeign(owner, stored(given, answer))) return given.raw ? { value: await make() } : make();
  }
  return given.raw ? { ...(answer as Raw), value: opened((answer as Raw).value) } : opened(answer);
}

const stored = ({ raw }: Wrap, answer: unknown): unknown => (raw ? (answer as Raw).value : answer);

const isOptions = (ttl: unknown): ttl is Wrap => typeof ttl === 'object' && ttl !== null && !Array.isArray(ttl);

/** An option that may be a function of the value: it never sees another's, nor what stands around the own one. */
const ofValue = (owner: string, option: unknown): unknown =>
  typeof option === 'function'
    ? (value: unknown): unknown => (isForeign(owner, value) ? undefined : option(opened(value)))
    : option;
