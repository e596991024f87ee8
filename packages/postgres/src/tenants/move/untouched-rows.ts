import type { ClientBase } from 'pg';
import type { TablePair } from './row-source.js';
import { type RowVersions, rowVersions } from './row-versions.js';
import type { ConnectedSides } from './sides.js';
import { type Portion, sendTouched, wholeTables } from './touched.js';
import { beginSnapshot } from './transfer.js';

type Side = 'from' | 'to';

/** Versions that the rows of a round had on each side before it, for each of its portions. */
export type FormerVersions = Readonly<Record<Side, readonly RowVersions[]>>;

/**
 * Tables in which a row was written that no round has touched, since both sides were compared: past the log at the source, or by somebody else
 * at the target. Versions of rows are counted on both sides, and those of the touched ones are taken away, before the round and after it: what is
 * left must be the same. It costs a fraction of what reading the values does, and says nothing about them: such a table is to be compared.
 */
export class UntouchedRows {
  readonly #sides: ConnectedSides;
  #kept: Readonly<Record<Side, readonly RowVersions[]>> | null = null;

  constructor(sides: ConnectedSides) {
    this.#sides = sides;
  }

  /** True from the first {@link look} on. */
  get isKept(): boolean {
    return this.#kept !== null;
  }

  /** The number of rows of the source that the last look has seen. */
  get rows(): number {
    return Number(this.#kept?.from.reduce((sum, { rows }) => sum + rows, 0n) ?? 0n);
  }

  /** The versions that rows of the source had in the round before, in whose snapshot they are looked at. */
  async formerAtSource(portions: readonly Portion[]): Promise<readonly RowVersions[]> {
    if (this.#kept === null || portions.length === 0) return [];
    const { source, earlier } = this.#sides;
    await sendTouched(source, earlier);
    return this.#versions(earlier, 'from', portions);
  }

  /** The same of the target, in the transaction that is about to write them. */
  async formerAtTarget(portions: readonly Portion[]): Promise<readonly RowVersions[]> {
    return this.#kept === null ? [] : this.#versions(this.#sides.target, 'to', portions);
  }

  /**
   * Looks at all versions, in the open snapshots of both sides, which the next look goes on from.
   *
   * @returns tables with a row that was written and not touched; none at the first look
   */
  async look(portions: readonly Portion[], former: FormerVersions): Promise<readonly TablePair[]> {
    const { source, target, pairs } = this.#sides;
    const whole = wholeTables(pairs);
    const [from, to] = await Promise.all([
      this.#versions(source, 'from', [...whole, ...portions]),
      this.#versions(target, 'to', [...whole, ...portions]),
    ]);
    const now = { from, to };
    const before = this.#kept;
    this.#kept = { from: from.slice(0, pairs.length), to: to.slice(0, pairs.length) };
    await this.#keepSnapshot();
    if (before === null) return [];
    return pairs.filter((pair, n) => {
      const portion = portions.findIndex((one) => one.pair === pair);
      return (['from', 'to'] as const).some((side) => {
        const touched = portion === -1 ? NONE : now[side][pairs.length + portion];
        return restOf(before[side][n], former[side][portion]) !== restOf(now[side][n], touched);
      });
    });
  }

  /** Ends it: the next look is a first one. */
  async forget(): Promise<void> {
    this.#kept = null;
    await this.#sides.earlier.query('rollback');
  }

  #versions(client: ClientBase, side: Side, portions: readonly Portion[]): Promise<readonly RowVersions[]> {
    const parts = portions.map((portion) => ({ table: portion.pair[side], condition: portion[side] }));
    return rowVersions(client, this.#sides.tenant, parts);
  }

  /** Holds the source's open snapshot on a connection of its own. No lock is held until the next round. */
  async #keepSnapshot(): Promise<void> {
    const { source, earlier } = this.#sides;
    const { rows } = await source.query<{ snapshot: string }>('select pg_export_snapshot() as snapshot');
    await earlier.query('rollback');
    await beginSnapshot(earlier);
    await earlier.query(`set transaction snapshot '${rows[0]?.snapshot}'`);
  }
}

const NONE: RowVersions = { rows: 0n, hash: 0n };

function restOf(all: RowVersions = NONE, touched: RowVersions = NONE): string {
  return `${all.rows - touched.rows} ${all.hash - touched.hash}`;
}
