import type { Attempt } from '../target/target.js';

/** Calls that one tenant has made. */
export class Done {
  /** The last answer of each entrance that was no refusal, by their ids: each may be a page, so no more are kept. */
  readonly answers = new Map<string, unknown>();
  readonly #sent: string[] = [];
  readonly #taken: { readonly entrance: string; readonly sent: string }[] = [];

  add(entrance: string, { sent, seen, isRefused }: Attempt): void {
    this.#sent.push(sent);
    if (isRefused) return;
    this.answers.set(entrance, seen);
    this.#taken.push({ entrance, sent });
  }

  /** The attempt without what the tenant sent before: it tells nothing when it is read again, in a log of what was asked for, say. */
  without(attempt: Attempt): Attempt {
    if (attempt.sightings.length === 0) return attempt;
    const all = this.#sent.join('\n');
    return {
      ...attempt,
      sightings: attempt.sightings.filter(({ canary }) => !all.includes(canary.value.toLowerCase())),
    };
  }

  /** The entrances that took a request with this text. */
  writersOf(text: string): readonly string[] {
    return this.#taken.filter(({ sent }) => sent.includes(text)).map(({ entrance }) => entrance);
  }
}
