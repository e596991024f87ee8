import { describe, expect, it } from 'vitest';
import { memoized } from './memoized.js';

describe('memoized', () => {
  it('reads a text once, also where the answer is null', () => {
    const read: string[] = [];
    const answer = memoized((text) => {
      read.push(text);
      return text === 'a' ? null : { text };
    });
    expect(['a', 'a', 'b', 'b'].map((text) => answer(text))).toEqual([null, null, { text: 'b' }, { text: 'b' }]);
    expect(read).toEqual(['a', 'b']);
  });

  it('keeps what comes again, whatever else is sent', () => {
    let reads = 0;
    const answer = memoized((text) => {
      if (text === 'acme') reads += 1;
      return text;
    });
    for (let n = 0; n < 50_000; n += 1) {
      answer(`host-${n}`);
      if (n % 1_000 === 0) answer('acme');
    }
    expect(reads).toBe(1);
  });

  it('keeps no more than so many, and nothing long, whatever is sent', () => {
    let reads = 0;
    const answer = memoized((text) => {
      reads += 1;
      return text;
    });
    for (let n = 0; n < 25_000; n += 1) expect(answer(`host-${n}`)).toBe(`host-${n}`);
    const long = 'x'.repeat(10_000);
    for (let n = 0; n < 3; n += 1) expect(answer(long)).toBe(long);
    expect(reads).toBe(25_003);
    answer('host-0');
    expect(reads).toBe(25_004);
  });
});
