/** Signatures that a handler remembers in each of two generations. */
const MOST = 50_000;

/**
 * The signatures of the stamps that came to one handler, so that a recorded one is refused. Each is remembered for `seconds` at least,
 * unless more than 50,000 others came after it.
 */
export class SeenStamps {
  readonly #seconds: number;
  #recent = new Signatures();
  #earlier = new Signatures();
  #since = now();

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** True the first time. @param signature base64url of 43 letters, that was verified. */
  isNew(signature: string): boolean {
    if (this.#recent.size >= MOST || now() - this.#since > this.#seconds) {
      [this.#earlier, this.#recent] = [this.#recent, new Signatures()];
      this.#since = now();
    }
    const one = word(signature, 0);
    const two = word(signature, LETTERS);
    return !this.#earlier.has(one, two) && this.#recent.add(one, two);
  }
}

const now = (): number => Math.floor(Date.now() / 1000);

/** Letters of a signature in one word, of 6 bits each. Two words are kept: of 10^13 new stamps, one is taken for another and refused. */
const LETTERS = 5;
const BITS = new Uint8Array(128);
for (const [bits, letter] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].entries()) {
  BITS[letter.charCodeAt(0)] = bits;
}

/** Never 0, which is a free place. */
function word(signature: string, from: number): number {
  let bits = 0;
  for (let at = from; at < from + LETTERS; at += 1) bits = (bits << 6) | (BITS[signature.charCodeAt(at)] as number);
  return bits + 1;
}

/** A set of signatures in one array: of texts, the garbage collector would have to follow each. */
class Signatures {
  size = 0;
  #kept = new Int32Array(2_048);

  has(one: number, two: number): boolean {
    return this.#kept[this.#placeOf(one, two)] !== 0;
  }

  /** False for one that is here. */
  add(one: number, two: number): boolean {
    const place = this.#placeOf(one, two);
    if (this.#kept[place] !== 0) return false;
    this.#kept[place] = one;
    this.#kept[place + 1] = two;
    this.size += 1;
    if (this.size * 4 > this.#kept.length) this.#grow();
    return true;
  }

  /** The place where it is, or the free one where it belongs. A signature is as good as random, so they spread by themselves. */
  #placeOf(one: number, two: number): number {
    const kept = this.#kept;
    const last = kept.length - 2;
    let at = (one * 2) & last;
    while (kept[at] !== 0 && (kept[at] !== one || kept[at + 1] !== two)) at = (at + 2) & last;
    return at;
  }

  #grow(): void {
    const before = this.#kept;
    this.#kept = new Int32Array(before.length * 2);
    this.size = 0;
    for (let at = 0; at < before.length; at += 2) {
      if (before[at] !== 0) this.add(before[at] as number, before[at + 1] as number);
    }
  }
}
