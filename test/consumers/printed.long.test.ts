import { describe, expect, it } from 'vitest';
import { differs, patched } from './printed.ts';

describe('what a page shows of a terminal', () => {
  it.each([
    ['all of it', 'one\ntwo\n', '  one\n\ntwo\n'],
    ['a beginning that is left out', '…\ntwo\n', 'zero\none\ntwo'],
    ['an end that is left out', 'one\n…\n', 'one\ntwo'],
    ['a part of a line', '- src/…-Jobs.ts: (a)\n', '- src/17-Jobs.ts: (a)'],
  ])('is what was printed: %s', (_, shown, printed) => {
    expect(differs(shown, printed)).toBeNull();
  });

  it.each([
    ['another line', 'one\n', 'two'],
    ['a line more', 'one\n', 'one\ntwo'],
    ['a line less', 'one\ntwo\n', 'one'],
    ['another order', '…\ntwo\n…\none\n', 'one\ntwo'],
    ['a line between, where none is left out', '…\none\nthree\n', 'one\ntwo\nthree'],
    ['a longer line', '…\none\n…\n', 'one and more'],
  ])('is not what was printed: %s', (_, shown, printed) => {
    expect(differs(shown, printed)).toContain(printed);
  });
});

describe('a diff of a page', () => {
  const text = '// src/a.ts\nclass A {\n  list() {\n    return 1;\n  }\n}\n';
  const diff = ' // src/a.ts\n   list() {\n-    return 1;\n+    return 2;\n   }\n';

  it('changes the one place that it shows', () => {
    expect(patched(text, diff)).toBe(text.replace('return 1', 'return 2'));
  });

  it('is refused where that place is not there, or there twice', () => {
    expect(() => patched(text.replace('1', '3'), diff)).toThrow('This is not there once');
    expect(() => patched(text + text, diff)).toThrow('This is not there once');
  });
});
