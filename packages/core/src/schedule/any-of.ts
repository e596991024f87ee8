/**
 * A signal that is aborted by either, until it is forgotten. `AbortSignal.any` would keep one of each tick for as long as the first of
 * them lives, which is as long as the application does.
 */
export function anyOf(first: AbortSignal, second?: AbortSignal): { readonly signal: AbortSignal; forget(): void } {
  const either = new AbortController();
  const abortion = (one: AbortSignal) => () => either.abort(one.reason);
  const known = [first, ...(second ? [second] : [])].map((one) => [one, abortion(one)] as const);
  for (const [one, abort] of known) {
    if (one.aborted) abort();
    one.addEventListener('abort', abort);
  }
  return {
    signal: either.signal,
    forget() {
      for (const [one, abort] of known) one.removeEventListener('abort', abort);
    },
  };
}
