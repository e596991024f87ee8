import { expect, it } from 'vitest';
import { inBoth, lengthOf, type Span, unrunSpans } from './blocks.js';

const range = (startOffset: number, endOffset: number, count: number) => ({ startOffset, endOffset, count });

it('finds the blocks that did not run, of which the innermost range says the count', () => {
  expect(unrunSpans([range(0, 100, 3)])).toEqual([]);
  expect(unrunSpans([range(0, 100, 3), range(10, 20, 0), range(40, 60, 1), range(45, 50, 0)])).toEqual([
    [10, 20],
    [45, 50],
  ]);
  expect(unrunSpans([range(0, 100, 1), range(10, 60, 0), range(20, 30, 2)])).toEqual([
    [10, 20],
    [30, 60],
  ]);
});

it('keeps two branches apart that touch each other', () => {
  expect(unrunSpans([range(0, 100, 1), range(10, 20, 0), range(20, 30, 0)])).toEqual([
    [10, 20],
    [20, 30],
  ]);
});

it('counts as reached what ran in either of two calls', () => {
  const both: readonly Span[] = inBoth(
    [
      [10, 20],
      [40, 60],
    ],
    [[15, 50]],
  );
  expect(both).toEqual([
    [15, 20],
    [40, 50],
  ]);
  expect(lengthOf(both)).toBe(15);
  expect(inBoth([[10, 20]], [])).toEqual([]);
});
