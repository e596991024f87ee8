import { checkInterrupted } from '../fence/with-lock.js';
import type { ChangeLog } from './change-log.js';
import { checkReferences, compare } from './compare.js';
import type { MoveSettings } from './move-options.js';
import type { ConnectedSides } from './sides.js';
import { touchedRows, wholeTables } from './touched.js';
import { beginSnapshot, transfer } from './transfer.js';

/** Rounds in a row, after which it is tried to stop the writers, however many rows they have written meanwhile. */
const MOST_ROUNDS = 20;

/** Brings what was written since the copy to the target, in rounds, while writers go on. */
export class CatchUp {
  readonly #sides: ConnectedSides;
  readonly #log: ChangeLog;
  readonly #settings: MoveSettings;
  #rounds = 0;

  constructor(sides: ConnectedSides, log: ChangeLog, settings: MoveSettings) {
    this.#sides = sides;
    this.#log = log;
    this.#settings = settings;
  }

  /** The number of rounds that there were. */
  get rounds(): number {
    return this.#rounds;
  }

  /** Goes on until a round is short beside the longest stop: the last one will be during it. */
  async untilShort(): Promise<void> {
    const { longestStopMillis, onProgress, signal } = this.#settings;
    for (let n = 0; n < MOST_ROUNDS; n += 1) {
      checkInterrupted(signal);
      const began = performance.now();
      onProgress({ step: 'catch-up', rows: await this.round() });
      if (performance.now() - began < longestStopMillis / 10) return;
    }
  }

  /**
   * One round. The target's transaction ends before the source's, in which the log is emptied: a crash in between repeats the round.
   *
   * @param check - which rows of both sides are counted and hashed under the same snapshot
   * @returns the number of keys that were written
   */
  async round(check: 'none' | 'touched' | 'whole' = 'none'): Promise<number> {
    const sides = this.#sides;
    await beginSnapshot(sides);
    try {
      const touched = await this.#log.take();
      const portions = touchedRows(sides.pairs, touched);
      if (portions.length > 0) await transfer(sides, portions);
      if (check !== 'none') {
        const checked = check === 'whole' ? wholeTables(sides.pairs) : portions;
        await compare(sides, checked);
        await checkReferences(sides, checked);
      }
      await sides.source.query('commit');
      this.#rounds += 1;
      return touched.reduce((sum, { keys }) => sum + keys, 0);
    } catch (error) {
      await sides.source.query('rollback').catch(() => {});
      throw error;
    }
  }
}
