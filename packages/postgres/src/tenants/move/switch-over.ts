import { setTimeout as sleep } from 'node:timers/promises';
import { namedBlockers } from '../../direct/blockers.js';
import type { Fence } from '../fence/fence.js';
import { checkInterrupted } from '../fence/with-lock.js';
import { TenantsError } from '../tenants-error.js';
import type { CatchUp } from './catch-up.js';
import type { MoveSettings } from './move-options.js';
import { forwardSequences } from './sequences.js';
import type { ConnectedSides } from './sides.js';

/** Times that writers are stopped at the most, before the move gives up. */
const MOST_STOPS = 5;

/** Milliseconds in which writers go on between two stops, at the least. */
const PAUSE_MILLIS = 500;

/** Parts of a move that are known when the tenant is switched. */
export interface SwitchOver {
  readonly sides: ConnectedSides;
  readonly fence: Fence;
  readonly catchUp: CatchUp;
  readonly settings: MoveSettings;
  /** Writes the new place down. When it returns, the tenant is there; when it throws, it is not. */
  readonly place: () => Promise<void>;
}

/**
 * Stops the tenant's writers, brings the last rows over, compares, and writes the new place down. Where a stop would take too long, writers go on
 * and it is tried again. The fence stays closed.
 *
 * @returns milliseconds of the longest stop
 * @throws TenantsError `operation_failed` where a transaction is open for longer again and again.
 */
export async function switchOver({ sides, fence, catchUp, settings, place }: SwitchOver): Promise<number> {
  const { longestStopMillis, onProgress, signal } = settings;
  onProgress({ step: 'check' });
  await catchUp.compareAll();
  await forwardSequences(sides, sides.pairs);
  let longest = 0;
  for (let stops = 1; ; stops += 1) {
    await catchUp.untilShort();
    checkInterrupted(signal);
    onProgress({ step: 'stop' });
    const began = performance.now();
    const stopped = () => Math.max(longest, Math.round(performance.now() - began));
    try {
      if (await fence.close(longestStopMillis)) {
        await Promise.all([catchUp.round(), sides.refuseChanged()]);
        // Most of them are there already.
        await forwardSequences(sides, sides.pairs);
        if (performance.now() - began <= longestStopMillis + SPARE_MILLIS) {
          await fence.seal();
          await place();
          return stopped();
        }
      }
    } catch (error) {
      await fence.open().catch(() => {});
      throw error;
    }
    const holders = await fence.holders();
    await fence.open();
    longest = stopped();
    if (stops === MOST_STOPS) throw tooLong(stops, longestStopMillis, namedBlockers(holders));
    await sleep(Math.max(PAUSE_MILLIS, longestStopMillis), undefined, signal ? { signal } : {}).catch(() => {});
  }
}

/** Milliseconds for what is left to do once nobody writes any more. */
const SPARE_MILLIS = 500;

function tooLong(stops: number, longestStopMillis: number, holders: string): TenantsError {
  return new TenantsError(
    'operation_failed',
    `the tenant's writes could not be stopped for long enough in ${stops} tries of ${longestStopMillis} ms: a transaction that has written to its rows is ` +
      `open for longer, of ${holders}. Nothing was switched: the tenant is where it was, and its rows are copied. End that transaction, or raise ` +
      '`longestStopMillis`, and run it again.',
  );
}
