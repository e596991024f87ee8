import type { Canary } from './canary.js';
import { GRAM, needlesOf } from './encodings.js';

/** The place of a canary in a text. */
export interface Hit {
  readonly canary: Canary;
  readonly index: number;
  readonly length: number;
}

interface Target {
  readonly canary: Canary;
  readonly isBounded: boolean;
}

/** Bytes, a power of two: thousands of needles leave most of them empty. */
const FILTER = 2 ** 17;

/** By length, then by text: however many needles begin alike, a place in the text is compared once for each length. */
type Bucket = Map<number, Map<string, Target[]>>;

/**
 * Looks for any number of canaries in one pass over a text: a place costs one look into a bit set unless the next few
 * characters begin a needle.
 */
export class CanaryIndex {
  readonly #filter = new Uint8Array(FILTER);
  readonly #buckets = new Map<string, Bucket>();
  readonly #removed = new Set<Canary>();
  /** The number of times that a piece of text was compared with needles: what the time that searching takes depends on. */
  comparisons = 0;

  constructor(canaries: readonly Canary[] = []) {
    for (const canary of canaries) this.add(canary);
  }

  add(canary: Canary): void {
    for (const { text, isBounded } of needlesOf(canary.value)) this.#add(text, { canary, isBounded });
  }

  /** It is not found any more. */
  remove(canary: Canary): void {
    this.#removed.add(canary);
  }

  #add(text: string, target: Target): void {
    this.#filter[hash(text, 0) & (FILTER - 1)] = 1;
    const bucket = getOrPut<string, Bucket>(this.#buckets, text.slice(0, GRAM), () => new Map());
    const ofLength = getOrPut(bucket, text.length, () => new Map<string, Target[]>());
    getOrPut<string, Target[]>(ofLength, text, () => []).push(target);
  }

  /** The first hit of each canary in `text`, in the order of the text. */
  find(text: string): Hit[] {
    if (this.#buckets.size === 0 || text.length < GRAM) return [];
    const lower = text.toLowerCase();
    const hits = new Map<Canary, Hit>();
    for (let index = 0; index <= lower.length - GRAM; index += 1) {
      if (this.#filter[hash(lower, index) & (FILTER - 1)] === 0) continue;
      const bucket = this.#buckets.get(lower.slice(index, index + GRAM));
      if (!bucket) continue;
      for (const [length, needles] of bucket) {
        this.comparisons += 1;
        for (const { canary, isBounded } of needles.get(lower.slice(index, index + length)) ?? []) {
          if (this.#removed.has(canary) || hits.has(canary) || (isBounded && !standsAlone(lower, index, length)))
            continue;
          hits.set(canary, { canary, index, length });
        }
      }
    }
    return [...hits.values()];
  }
}

function hash(text: string, at: number): number {
  return (
    text.charCodeAt(at) ^
    (text.charCodeAt(at + 1) << 5) ^
    (text.charCodeAt(at + 2) << 10) ^
    (text.charCodeAt(at + 3) << 14)
  );
}

const WORD = /[\p{L}\p{N}]/u;

function standsAlone(text: string, index: number, length: number): boolean {
  const before = text[index - 1] ?? ' ';
  const after = text[index + length] ?? ' ';
  if (WORD.test(before) || WORD.test(after)) return false;
  // 12345 is not in 12345.67, nor in 0.12345.
  const isDigit = (character: string | undefined) => character !== undefined && /\d/.test(character);
  const endsInDigit = isDigit(text[index + length - 1]) && isDigit(text[index]);
  const continues = after === '.' && isDigit(text[index + length + 1]);
  const continued = before === '.' && isDigit(text[index - 2]);
  return !(endsInDigit && (continues || continued));
}

function getOrPut<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
