import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HmacSha256 } from './hmac.js';

const nodes = (secret: string | Buffer, text: string) => createHmac('sha256', secret).update(text).digest('base64url');

describe('an HMAC', () => {
  it("is Node's, whatever the length of its key and of what is signed, one after another", () => {
    const texts = fc.array(fc.string({ maxLength: 2_000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), texts, (key, signed) => {
        const secret = Buffer.from(key);
        const hmac = new HmacSha256(secret);
        for (const text of signed) expect(hmac.of(text)).toBe(nodes(secret, text));
      }),
    );
  });

  it.each([63, 64, 65])('is so at the bound of a block: a key of %i bytes', (length) => {
    const secret = 'k'.repeat(length);
    for (const size of [0, 1, 447, 448, 449]) {
      const text = 'm'.repeat(size);
      expect(new HmacSha256(secret).of(text)).toBe(nodes(secret, text));
    }
  });

  it('has a key of text in UTF-8, which is the key as it was given', () => {
    const secret = Buffer.from('schlüssel '.repeat(4));
    const hmac = new HmacSha256(secret);
    secret.fill(0);
    expect(hmac.of('text')).toBe(nodes('schlüssel '.repeat(4), 'text'));
  });
});
