import { fileOfScript } from './application-files.js';
import { type BlockCoverage, blockCoverage, type CountedFunction } from './block-coverage.js';
import { inBoth, lengthOf, type Span, unrunSpans } from './blocks.js';

/** A function of which some blocks ran in none of the calls so far. */
export interface PartlyRun {
  readonly scriptId: string;
  readonly file: string;
  readonly name: string;
  readonly span: Span;
  /** Null where it was compiled before coverage began, so that nobody knows. */
  readonly unrun: readonly Span[] | null;
}

/** The blocks that calls reached, by the entrances at which their functions ran. */
export class ReachedBlocks<Entrance> {
  readonly #coverage: BlockCoverage;
  readonly #functions = new Map<string, PartlyRun>();
  readonly #byEntrance = new Map<Entrance, Set<string>>();
  readonly #files = new Map<string, string | null>();
  /** Functions that sign users in, plant rows, and start the application. */
  readonly #atStart: ReadonlySet<string>;

  /** @param coverage - the counters; those of this process, but in tests */
  constructor(coverage: BlockCoverage = blockCoverage) {
    this.#coverage = coverage;
    this.#atStart = new Set(this.#counted().map(keyOf));
  }

  /** Why nothing is looked at; null while something is. */
  get off(): string | null {
    return this.#coverage.off;
  }

  /** Forgets what ran since the last look, which were no calls. */
  skip(): void {
    this.#coverage.look();
  }

  /**
   * Looks at what ran since the last look: calls of an entrance, or of any of them.
   *
   * @param isCallAlone - true where nothing ran but one call, so that all of it belongs to the entrance
   * @returns true when a block was reached that no call had reached before
   */
  look(entrance: Entrance | null, isCallAlone = false): boolean {
    let isNew = false;
    for (const counted of this.#counted()) {
      const key = keyOf(counted);
      if (this.#reached(key, counted)) isNew = true;
      if (entrance !== null && (isCallAlone || !this.#atStart.has(key))) this.#at(entrance).add(key);
    }
    return isNew;
  }

  /** The functions that ran at an entrance. */
  at(entrance: Entrance): readonly PartlyRun[] {
    return [...this.#at(entrance)].map((key) => this.#functions.get(key) as PartlyRun);
  }

  get all(): readonly PartlyRun[] {
    return [...new Set([...this.#byEntrance.values()].flatMap((keys) => [...keys]))].map(
      (key) => this.#functions.get(key) as PartlyRun,
    );
  }

  #at(entrance: Entrance): Set<string> {
    const keys = this.#byEntrance.get(entrance) ?? new Set();
    this.#byEntrance.set(entrance, keys);
    return keys;
  }

  #reached(key: string, { scriptId, name, ranges, hasBlocks, url }: CountedFunction): boolean {
    const before = this.#functions.get(key);
    const [whole] = ranges;
    const span: Span = [whole?.startOffset ?? 0, whole?.endOffset ?? 0];
    const now = hasBlocks ? unrunSpans(ranges) : null;
    const unrun = before?.unrun && now ? inBoth(before.unrun, now) : before ? before.unrun : now;
    this.#functions.set(key, { scriptId, file: this.#fileOf(scriptId, url) as string, name, span, unrun });
    return !before || lengthOf(before.unrun ?? []) > lengthOf(unrun ?? []);
  }

  #counted(): readonly CountedFunction[] {
    return this.#coverage.look().filter(({ scriptId, url }) => this.#fileOf(scriptId, url) !== null);
  }

  #fileOf(scriptId: string, url: string): string | null {
    const known = this.#files.get(scriptId);
    if (known !== undefined) return known;
    const file = fileOfScript(url);
    this.#files.set(scriptId, file);
    return file;
  }
}

const keyOf = ({ scriptId, ranges }: CountedFunction) =>
  `${scriptId}:${ranges[0]?.startOffset}:${ranges[0]?.endOffset}`;
