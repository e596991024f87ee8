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
 * `wrap` of an owner's entry. K2: `key` is the owner's before cache-manager merges anything, so whatever it reloads, now or in the
 * background, is loaded by callers of this owner, for callers of this owner.
 */
export function wrapIn(
  cache: Cache,
  owner: string,
  key: string,
  load: () => unknown,
  ttl?: unknown,
  refreshThreshold?: unknown,
): Promise<unknown> {
  const given: Wrap = isOptions(ttl) ? ttl : { ttl, refreshThreshold };
  const options = {
    ttl: ofValue(owner, given.ttl),
    refreshThreshold: ofValue(owner, given.refreshThreshold),
    raw: given.raw,
  } as { raw: true };
  const wrapped = () => cache.wrap<unknown>(key, async () => sealed(owner, await load()), options);
  const isOwn = (answer: unknown) => !isForeign(owner, given.raw ? (answer as Raw).value : answer);
  const unsealed = (answer: unknown) =>
    given.raw ? { ...(answer as Raw), value: opened((answer as Raw).value) } : opened(answer);
  const instead = async () => {
    logForeign();
    await cache.del(key);
    const again = await wrapped();
    if (isOwn(again)) return unsealed(again);
    // A store that does not delete keeps nothing of this owner's either.
    return given.raw ? { value: await load() } : load();
  };
  return wrapped().then((answer) => (isOwn(answer) ? unsealed(answer) : instead()));
}

const isOptions = (ttl: unknown): ttl is Wrap => typeof ttl === 'object' && ttl !== null && !Array.isArray(ttl);

/** An option that may be a function of the value: it never sees another's, nor what stands around the own one. */
const ofValue = (owner: string, option: unknown): unknown =>
  typeof option === 'function'
    ? (value: unknown): unknown => (isForeign(owner, value) ? undefined : option(opened(value)))
    : option;
