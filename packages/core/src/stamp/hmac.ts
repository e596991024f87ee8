import { hash } from 'node:crypto';

const BLOCK = 64;
const DIGEST = 32;

/**
 * HMAC-SHA256 (RFC 2104, section 2) with one key. Of two one-shot hashes: the object that `createHmac` makes for each text costs twice as
 * much, and the garbage collector has to end it.
 */
export class HmacSha256 {
  #inner = Buffer.alloc(8 * BLOCK, 0x36);
  readonly #outer = Buffer.alloc(BLOCK + DIGEST, 0x5c);

  constructor(secret: string | Buffer) {
    const given = Buffer.from(secret as string);
    const key = given.length > BLOCK ? hash('sha256', given, 'buffer') : given;
    for (const [at, byte] of key.entries()) {
      this.#inner[at] = 0x36 ^ byte;
      this.#outer[at] = 0x5c ^ byte;
    }
  }

  /** That of `text`, which is ASCII, in base64url. */
  of(text: string): string {
    const length = BLOCK + text.length;
    if (length > this.#inner.length) this.#inner = Buffer.concat([this.#inner.subarray(0, BLOCK)], 2 * length);
    this.#inner.write(text, BLOCK, 'latin1');
    this.#outer.write(hash('sha256', this.#inner.subarray(0, length), 'binary'), BLOCK, 'latin1');
    return hash('sha256', this.#outer, 'base64url');
  }
}
