import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeStamp, readStamp, readStampParts } from './stamp.js';
import { stampSecrets } from './stamp-secrets.js';

const at = { place: 'bullmq:mails', id: '7' };
const secret = 'a'.repeat(32);
const other = 'b'.repeat(32);

describe('a stamp', () => {
  it('is these texts, for whoever writes one in another language', () => {
    expect(makeStamp('t_acme', at, [])).toBe('v1.dF9hY21l');
    const signed = 'v1.dF9hY21l.1790000000.h3hU7U5QuTycNKFljWH1zGsf7NlYDNvYmQAGnBTDk7w';
    expect(readStamp(signed, at, [secret])).toBe('t_acme');
    expect(readStampParts(signed.split('.'), at, [secret])?.seconds).toBe(1_790_000_000);
  });

  it('names the tenant it was made for, whatever its letters, signed and unsigned', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), fc.boolean(), (id, isSigned) => {
        fc.pre(id.isWellFormed() && !id.includes('\0'));
        const secrets = isSigned ? [secret] : [];
        expect(readStamp(makeStamp(id, at, secrets), at, secrets)).toBe(id);
      }),
    );
  });

  it('is worth nothing at another place, for another message, or under another secret', () => {
    const stamp = makeStamp('t_acme', at, [secret]);
    expect(readStamp(stamp, { ...at, place: 'bullmq:mail' }, [secret])).toBeNull();
    expect(readStamp(stamp, { ...at, id: '8' }, [secret])).toBeNull();
    // The bounds between the parts are signed, too.
    expect(readStamp(stamp, { place: 'bullmq:mails.7', id: '' }, [secret])).toBeNull();
    expect(readStamp(stamp, at, [other])).toBeNull();
  });

  it('is refused unsigned, cut, lengthened or altered where a secret is set', () => {
    const stamp = makeStamp('t_acme', at, [secret]);
    const forged = stamp.replace('dF9hY21l', Buffer.from('t_globex').toString('base64url'));
    const later = stamp.replace(/\.(\d+)\./, (_, seconds) => `.${Number(seconds) + 1}.`);
    for (const wrong of [
      'v1.dF9hY21l',
      forged,
      later,
      `${stamp}A`,
      stamp.slice(0, -1),
      `${stamp}.`,
      `${stamp.slice(0, -1)}\u0141`,
      `${stamp.slice(0, -1)}\u{1f511}`,
      '',
      'v2.dF9hY21l',
    ]) {
      // Right after one that is good: nothing of that is left to be compared.
      expect(readStamp(stamp, at, [secret])).toBe('t_acme');
      expect(readStamp(wrong, at, [secret]), wrong).toBeNull();
    }
  });

  it.each([
    undefined,
    null,
    7,
    {},
    ['v1.dF9hY21l'],
    '',
    'v1',
    'v1.',
    'v1.dF9hY21l.',
    'v1.dF9hY21',
    'v1.dF9hY21l=',
    'v1.AA',
  ])('is none: %j', (wrong) => expect(readStamp(wrong, at, [])).toBeNull());

  it('is read with each secret while one takes the place of another, and made with the first', () => {
    const old = makeStamp('t_acme', at, [other]);
    expect(readStamp(old, at, [secret, other])).toBe('t_acme');
    expect(readStamp(makeStamp('t_acme', at, [secret, other]), at, [secret])).toBe('t_acme');
  });
});

describe('secrets', () => {
  it('are none, one or several', () => {
    expect(stampSecrets('X.secret', undefined)).toEqual([]);
    expect(stampSecrets('X.secret', secret)).toEqual([secret]);
    expect(stampSecrets('X.secret', [secret, other])).toEqual([secret, other]);
  });

  it.each([5, {}, [5], true] as unknown[])('%j is refused by name, as it is no key', (wrong) =>
    expect(() => stampSecrets('X.secret', wrong as string)).toThrow(/X\.secret: is neither a text nor a Buffer/),
  );

  it.each([
    ['', /X\.secret: is empty/],
    [[], /empty list/],
    ['short', /5 bytes/],
    [[secret, 'short'], /5 bytes/],
  ])('%j is refused by name', (wrong, message) => expect(() => stampSecrets('X.secret', wrong)).toThrow(message));
});
