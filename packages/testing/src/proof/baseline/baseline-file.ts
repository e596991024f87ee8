import { readFileSync, statSync, writeFileSync } from 'node:fs';
import type { BaselineOutcome, EntranceResult } from '../../report/isolation-report.js';
import { accepted, type Held, smaller, unprovenIn } from './accept.js';
import { type Baseline, nameOf, parseBaseline, writtenBaseline } from './baseline.js';

/** The option `baseline`: a file, and whether it is made anew of what is unproven in this run. */
export type BaselineOption = string | { readonly file: string; readonly update?: boolean };

const VARIABLE = 'ISOLATION_BASELINE';

/** The file of a baseline: read before the proof, and written after it where it has become smaller. */
export class BaselineFile {
  readonly #file: string;
  readonly #isUpdated: boolean;
  readonly #known: Baseline;

  /** @throws TypeError for a file that is missing or no baseline, and for an update where nothing is written. */
  constructor(option: BaselineOption, environment: NodeJS.ProcessEnv = process.env) {
    const { file, update = false } = typeof option === 'string' ? { file: option } : option;
    if (typeof file !== 'string' || file === '') throw new TypeError('baseline: it names no file.');
    const asked = environment[VARIABLE];
    if (asked !== undefined && asked !== '' && asked !== 'update') {
      throw new TypeError(`baseline: ${VARIABLE} is ${JSON.stringify(asked)}, and may be "update".`);
    }
    this.#file = file;
    this.#isUpdated = update || asked === 'update';
    if (this.#isUpdated && isContinuousIntegration(environment)) {
      throw new TypeError(
        `baseline: ${file} is not updated where CI is set. Update it on your machine, and commit it.`,
      );
    }
    const text = textOf(file);
    if (text === null && !this.#isUpdated) {
      throw new TypeError(
        `baseline: ${file} does not exist. Make it of what is unproven now with ${VARIABLE}=update, and commit it.`,
      );
    }
    this.#known = text === null ? { unproven: [], leaks: [] } : parseBaseline(text, file);
  }

  /** The result, in which what the baseline knows is accepted; its branches too, where they are `held` against it. */
  accepted(result: EntranceResult, held: Held): EntranceResult {
    const today = new Date().toISOString().slice(0, 'yyyy-mm-dd'.length);
    const known = this.#isUpdated ? { ...this.#known, unproven: unprovenIn(result, held) } : this.#known;
    return accepted(result, known, today, held);
  }

  /**
   * Writes what is left of it, and says what was taken out. Not where CI is set, as nobody would commit it.
   *
   * @param results of all entrances, as they are without the baseline
   * @param heldAgainst the branches that are held against an entrance
   */
  settled(
    results: readonly EntranceResult[],
    heldAgainst: (result: EntranceResult) => Held,
    environment: NodeJS.ProcessEnv = process.env,
  ): BaselineOutcome {
    const left = smaller(this.#known, results, heldAgainst);
    const unproven = results.flatMap((result) => unprovenIn(result, heldAgainst(result)));
    const next = this.#isUpdated ? { ...left, unproven } : left;
    const names = (baseline: Baseline) => [...baseline.unproven, ...baseline.leaks].map(nameOf);
    const obsolete = names(this.#known).filter((name) => !names(next).includes(name));
    const isWritten = (this.#isUpdated || obsolete.length > 0) && !isContinuousIntegration(environment);
    if (isWritten) writeFileSync(this.#file, writtenBaseline(next));
    return { file: this.#file, obsolete, isWritten };
  }

  /** Of a run that did not try everything, and so says nothing of what it did not try. */
  untouched(): BaselineOutcome {
    return { file: this.#file, obsolete: [], isWritten: false };
  }
}

function textOf(file: string): string | null {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return null;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new TypeError(`baseline: ${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

export function isContinuousIntegration({ CI }: NodeJS.ProcessEnv = process.env): boolean {
  return CI !== undefined && !['', '0', 'false'].includes(CI);
}
