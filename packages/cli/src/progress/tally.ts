import type { MigrationProgress } from '@tenancy/postgres/migrations';
import { lasting } from '../output/words.js';

type TargetEvent = Extract<MigrationProgress, { readonly type: 'target' }>;

/** Targets that are worth most to whoever watches: those that failed last. */
const SHOWN_FAILURES = 3;

/** Milliseconds back to which the speed is measured: pauses and questions before that are over. */
const WINDOW = 10_000;

/** The state of a run, from its events. */
export class Tally {
  #samples: readonly { readonly at: number; readonly done: number }[];
  #done = 0;
  #of = 0;
  #failures = 0;
  #lastFailures: readonly string[] = [];

  constructor(private readonly now: () => number = Date.now) {
    this.#samples = [{ at: now(), done: 0 }];
  }

  expect(of: number): void {
    this.#of = of;
  }

  count({ target, outcome, done, of }: TargetEvent): void {
    this.#done = Math.max(this.#done, done);
    this.#of = of;
    const at = this.now();
    const older = this.#samples.filter((sample, index, { length }) => at - sample.at < WINDOW || index === length - 1);
    this.#samples = [...older, { at, done: this.#done }];
    if (outcome !== 'failed') return;
    this.#failures += 1;
    this.#lastFailures = [...this.#lastFailures, target].slice(-SHOWN_FAILURES);
  }

  get share(): number {
    return this.#of === 0 ? 0 : this.#done / this.#of;
  }

  get isAtWork(): boolean {
    return this.#of > 0 && this.#done < this.#of;
  }

  get lastFailures(): readonly string[] {
    return this.#lastFailures;
  }

  /** In a line: `412 of 1000 (41 %), 3 failed, about 40 s left`. */
  get words(): string {
    const parts = [`${this.#done} of ${this.#of} (${Math.floor(this.share * 100)} %)`];
    if (this.#failures > 0) parts.push(`${this.#failures} failed`);
    const left = this.#left;
    if (left !== null) parts.push(`about ${lasting(left)} left`);
    return parts.join(', ');
  }

  /** Milliseconds until the end, if it goes on as it went; null where that says nothing. */
  get #left(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!this.isAtWork || !first || !last || last.done === first.done) return null;
    const elapsed = this.now() - first.at;
    return elapsed < 1_000 ? null : (elapsed / (last.done - first.done)) * (this.#of - last.done);
  }
}
