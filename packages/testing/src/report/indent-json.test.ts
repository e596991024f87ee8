import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indentJson } from './indent-json.js';

describe('indentJson', () => {
  it('spreads JSON as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        expect(indentJson(JSON.stringify(value, null, indent))).toBe(JSON.stringify(value, null, 2));
      }),
      { numRuns: 500, seed: 6 },
    );
  });

  it('changes nothing but space: not a key that comes twice, not a number too long', () => {
    expect(indentJson('{"a":12345678901234567890,"a":1.0}')).toBe('{\n  "a": 12345678901234567890,\n  "a": 1.0\n}');
  });

  it('leaves alone what is not JSON', () => {
    for (const text of ['', '{', '[1,]', 'id,title\n1,"{}"', '"a"', '{"a":1}{']) expect(indentJson(text)).toBe(text);
  });
});
