import { checkInterrupted } from '../fence/with-lock.js';
import type { ChangeLog } from './change-log.js';
import { checkReferences, compare } from './compare.js';
import type { MoveSettings } from './move-options.js';
import type { ConnectedSides } from './sides.js';
import { type Portion, touchedRows, wholeTables } from './touched.js';
import { beginSnapshot, transfer } from './transfer.js';
import { type FormerVersions, UntouchedRows } from './untouched-rows.js';

/** Rounds in a row, after which it is tried to stop the writers, however many rows they have written meanwhile. */
const MOST_ROUNDS = 20;

/** Rows of a tenant up to which the stop has the time for a look at those that no round has touched: about 0.4 µs each. */
const MOST_LOOKED_AT = 500_000;

/**
 * Brings what was written since the copy to the target, in rounds, while writers go on. Once all rows of both sides were compared, each round also
 * compares those that it has touched, and looks whether others were written.
 */
export class CatchUp {
  readonly #sides: ConnectedSides;
  readonly #log: ChangeLog;
  readonly #settings: MoveSettings;
  readonly #untouched: UntouchedRows;
  #isCompared = false;
  #rounds = 0;

  constructor(sides: ConnectedSides, log: ChangeLog, settings: MoveSettings) {
    this.#sides = sides;
    this.#log = log;
    this.#settings = settings;
    this.#untouched = new UntouchedRows(sides);
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
      const { keys, copyMillis } = await this.round();
      onProgress({ step: 'catch-up', rows: keys });
      if (copyMillis < longestStopMillis / 10) return;
    }
  }

  /** One round, in which all rows of both sides are counted and hashed under the same snapshot. */
  async compareAll(): Promise<void> {
    this.#isCompared = false;
    await this.round('whole');
    this.#isCompared = true;
  }

  /**
   * One round. The target's transaction ends before the source's, in which the log is emptied: a crash in between repeats the round.
   *
   * @returns the number of keys that were written, and the milliseconds in which their rows were copied
   */
  async round(rows: 'touched' | 'whole' = 'touched'): Promise<{ readonly keys: number; readonly copyMillis: number }> {
    const { source, pairs } = this.#sides;
    const began = performance.now();
    await beginSnapshot(source);
    try {
      const touched = await this.#log.take();
      const portions = touchedRows(pairs, touched);
      const former = await this.#copy(portions);
      const copyMillis = performance.now() - began;
      if (rows === 'whole') await this.#checkAll(wholeTables(pairs));
      else if (this.#isCompared) await this.#check(portions, former);
      await source.query('commit');
      this.#rounds += 1;
      return { keys: touched.reduce((sum, { keys }) => sum + keys, 0), copyMillis };
    } catch (error) {
      await source.query('rollback').catch(() => {});
      throw error;
    }
  }

  async #copy(portions: readonly Portion[]): Promise<FormerVersions> {
    if (portions.length === 0) return { from: [], to: [] };
    const former: { -readonly [Side in keyof FormerVersions]: FormerVersions[Side] } = {
      from: await this.#untouched.formerAtSource(portions),
      to: [],
    };
    await transfer(this.#sides, portions, {
      beforeWriting: async () => {
        former.to = await this.#untouched.formerAtTarget(portions);
      },
    });
    return former;
  }

  /** The look at untouched rows goes over all tables, so that it is left out later where it would make the stop long. */
  async #checkAll(rows: readonly Portion[]): Promise<void> {
    await this.#inTarget(async () => {
      await compare(this.#sides, rows);
      await this.#untouched.forget();
      await this.#untouched.look([], { from: [], to: [] });
      if (this.#untouched.rows > MOST_LOOKED_AT) await this.#untouched.forget();
    });
    await checkReferences(this.#sides, rows);
  }

  async #check(portions: readonly Portion[], former: FormerVersions): Promise<void> {
    const checked = await this.#inTarget(async () => {
      const written = this.#untouched.isKept ? await this.#untouched.look(portions, former) : [];
      // Whoever wrote there may have left the values as they were.
      const rows = [...portions.filter(({ pair }) => !written.includes(pair)), ...wholeTables(written)];
      await compare(this.#sides, rows);
      return rows;
    });
    await checkReferences(this.#sides, checked);
  }

  /** Runs `work` with a snapshot of the target beside that of the source. */
  async #inTarget<R>(work: () => Promise<R>): Promise<R> {
    const { target } = this.#sides;
    await beginSnapshot(target);
    try {
      return await work();
    } finally {
      await target.query('rollback');
    }
  }
}
