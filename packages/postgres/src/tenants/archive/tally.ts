import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';

/** Passes bytes on, and knows their number and their SHA-256. */
export class Tally extends Transform {
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #sha256 = '';

  /** @param check - called with the outcome when all has passed; an error that it throws is the stream's */
  constructor(
    private readonly check: (outcome: { readonly bytes: number; readonly sha256: string }) => void = () => {},
  ) {
    super();
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** In hexadecimal digits, once all has passed. */
  get sha256(): string {
    return this.#sha256;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.#sha256 = this.#hash.digest('hex');
    try {
      this.check({ bytes: this.#bytes, sha256: this.#sha256 });
      done();
    } catch (error) {
      done(error as Error);
    }
  }
}
