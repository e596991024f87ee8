import { domainToASCII } from 'node:url';
import { fromSubdomain } from '@tenancy/core';
import { describe, expect, it } from 'vitest';
import { slugOf } from './tenant-names.js';

const ALPHABET = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
const source = fromSubdomain({ baseDomain: 'app.example.com', reserved: [] });

/** The slug that a request to the host of `slug` names. */
const named = (slug: string) =>
  source.identify({ headers: { host: `${domainToASCII(`${slug}.app.example.com`)}` } } as never);

describe('slugs', () => {
  it('are all letters, digits and inner hyphens that there are in three characters, as a request names them', () => {
    for (const first of ALPHABET) {
      expect(slugOf(first)).toBe(first);
      for (const last of ALPHABET) {
        expect(slugOf(first + last)).toBe(first + last);
        for (const middle of [...ALPHABET, '-']) {
          const slug = first + middle + last;
          if (slugOf(slug) !== slug) expect.fail(`${slug} became ${slugOf(slug)}`);
        }
      }
    }
  });

  it('that look like numbers are names like others, and their hosts lead to them', () => {
    for (const slug of ['1', '42', '007', '2024', '0x1f', '1e3', '256', '4294967296', '99999999999', '08', '0b1']) {
      expect(slugOf(slug)).toBe(slug);
      expect(named(slug)).toEqual({ slug });
    }
  });

  it.each([
    'münchen',
    'компания',
    '株式会社',
    'ａｃｍｅ',
    'ⓦide',
    '２０２４',
    'ﬂow',
    'ab--cd',
    'straße',
    'ÉCOLE',
    '0',
    'a1-2b',
  ])('%s is kept as the request to its host names it', (slug) => {
    const kept = slugOf(slug);
    expect(named(slug)).toEqual({ slug: kept });
    expect(slugOf(kept)).toBe(kept);
  });

  it('cannot be what is no part of a host', () => {
    for (const slug of [
      '',
      '-',
      '-a',
      'a-',
      'a.b',
      'a。b',
      'a_b',
      'a b',
      'xn--a',
      'a'.repeat(64),
      '１。２',
      '\u00ad',
    ]) {
      expect(() => slugOf(slug), slug).toThrow(/tenant_name_unusable/);
    }
  });
});
