import { setTimeout as sleep } from 'node:timers/promises';

/** How something is tried that others keep a lock on. */
export interface Tries {
  /** True for an error after which it may be had another time. */
  readonly isAgain: (error: unknown) => boolean;
  /** Milliseconds of all tries. */
  readonly patience: number;
  /** Milliseconds of the first pause and of the longest; in between they grow. Everybody who waits behind the lock has their turn then. */
  readonly pause: { readonly first: number; readonly longest: number };
  /** Ends a pause; the next try sees to the rest. */
  readonly signal?: AbortSignal | undefined;
  /** Told before each pause. */
  readonly onPause?: () => void;
  /** The error of one that is given up, from that of its last try. */
  readonly givenUp: (error: unknown, tries: number) => unknown;
}

/** Tries `attempt` until it succeeds, fails otherwise, or the patience is over (O22). */
export async function tryAgain<R>(
  attempt: (tries: number) => Promise<R>,
  { isAgain, patience, pause: { first, longest }, signal, onPause, givenUp }: Tries,
): Promise<R> {
  const end = Date.now() + patience;
  for (let [tries, wait] = [1, Math.min(first, longest)]; ; tries += 1, wait = Math.min(wait * 1.5, longest)) {
    try {
      return await attempt(tries);
    } catch (error) {
      if (!isAgain(error)) throw error;
      if (Date.now() >= end) throw givenUp(error, tries);
      onPause?.();
      const scattered = Math.min(wait * (0.75 + Math.random() / 2), Math.max(1, end - Date.now()));
      await sleep(scattered, undefined, signal ? { signal } : {}).catch(() => {});
    }
  }
}
