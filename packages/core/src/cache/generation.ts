import { randomBytes } from 'node:crypto';
import { outsideAnyTenant } from '../context/enter.js';
import { TenantCacheUnavailableError } from '../errors/refusals.js';

/** The store that a generation is kept in: Keyv, or what is like one. */
export interface GenerationStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttl: number): Promise<unknown>;
}

/**
 * The generation of one owner's entries, a part of their keys: with a new one, whatever was there is not found any more (K3).
 *
 * K10: it is in the last store, which all processes share, and what is remembered of it here is asked for again once it is older
 * than `within` milliseconds. Where it is missing a new one is random: a number would begin again with what was there before.
 */
export class Generation {
  readonly #key: string;
  readonly #store: GenerationStore;
  readonly #within: number;
  #latest: string | undefined;
  #until = 0;
  #renewals = 0;
  #reading: Promise<string> | undefined;

  /** @param key - of the generation, which all keys of its entries begin with */
  constructor(key: string, store: GenerationStore, within: number) {
    this.#key = key;
    this.#store = store;
    this.#within = within;
  }

  /** The beginning of the owner's keys, as long as what is remembered is young enough. */
  known(): string | undefined {
    return performance.now() < this.#until ? this.#latest : undefined;
  }

  /** The beginning of the owner's keys, as the store has it. */
  read(): Promise<string> {
    // Whoever wants to know each time must not get the answer to an earlier question.
    if (this.#within === 0) return this.#load();
    if (this.#reading) return this.#reading;
    const reading = this.#load().finally(() => {
      if (this.#reading === reading) this.#reading = undefined;
    });
    this.#reading = reading;
    return reading;
  }

  /** @throws `tenant_cache_unavailable` when the store does not keep the new one; then everything is still there. */
  async renew(): Promise<void> {
    const before = await this.#stored();
    const kept = await this.#kept(random());
    // Another process may have written its own meanwhile, which is as new.
    if (kept === null || kept === before) throw new TenantCacheUnavailableError();
    // A question from before may be answered with what was there before.
    this.#renewals += 1;
    this.#reading = undefined;
    this.#remember(this.#beginOf(kept), performance.now());
  }

  async #load(): Promise<string> {
    const began = performance.now();
    const renewals = this.#renewals;
    const found = await this.#stored().catch(() => null);
    const begin = found === null ? await this.#started() : this.#beginOf(found);
    if (renewals === this.#renewals) this.#remember(begin, began);
    return begin;
  }

  /** A store that keeps nothing is out of reach, and what is remembered is then as good as anything. */
  async #started(): Promise<string> {
    const made = random();
    const kept = await this.#kept(made).catch(() => null);
    return kept === null ? (this.#latest ?? this.#beginOf(made)) : this.#beginOf(kept);
  }

  /** Writes a generation, and answers with the one that is there then, if any. */
  async #kept(generation: string): Promise<string | null> {
    // 0: for ever, whatever the store's own default is. Stores say nothing reliable of whether they wrote.
    await outsideAnyTenant(() => this.#store.set(this.#key, generation, 0));
    return this.#stored();
  }

  async #stored(): Promise<string | null> {
    // C6: the first question of all opens the connection, which is everybody's.
    const found = await outsideAnyTenant(() => this.#store.get(this.#key));
    return typeof found === 'string' && GENERATION.test(found) ? found : null;
  }

  #beginOf(generation: string): string {
    return `${this.#key}/${generation}`;
  }

  #remember(begin: string, since: number): void {
    this.#latest = begin;
    this.#until = since + this.#within;
  }
}

const GENERATION = /^[\w-]{16}$/;

const random = (): string => randomBytes(12).toString('base64url');
