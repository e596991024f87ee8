// An application sends the same few statements again and again, with other parameters.
const REMEMBERED = 1_000;
const LONGEST = 10_000;
/** The list that TypeORM writes of the keys of a page's rows. Nothing depends on which numbers these are. */
const NUMBERS = / IN \(-?\d+(?:, ?-?\d+)*\)/g;

/** A result worked out once for each text, as long as the same texts come again. */
export class KnownTexts<R> {
  readonly #known = new Map<string, R>();
  readonly #work: (text: string) => R;

  constructor(work: (text: string) => R) {
    this.#work = work;
  }

  /** @throws what the work throws, which is not remembered. */
  of(text: string): R {
    const before = this.#known.get(text);
    if (before !== undefined) return before;
    const result = this.#work(text);
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    if (text.length <= LONGEST) this.#known.set(text, result);
    return result;
  }

  /** The same where it depends on no number in a list: many texts are one then. */
  ofAnyNumbers(text: string): R {
    return this.#known.get(text) ?? this.of(text.replace(NUMBERS, ' IN (0)'));
  }
}
