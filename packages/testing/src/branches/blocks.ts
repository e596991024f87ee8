/** Offsets in the text of a script, the second of which is not part of it. */
export type Span = readonly [start: number, end: number];

interface Counted {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** The parts of a function that did not run, as V8 nests their ranges: the innermost around a place says its count. */
export function unrunSpans(ranges: readonly Counted[]): readonly Span[] {
  const edges = [...new Set(ranges.flatMap(({ startOffset, endOffset }) => [startOffset, endOffset]))];
  edges.sort((one, other) => one - other);
  const spans: Span[] = [];
  for (const [n, start] of edges.entries()) {
    const end = edges[n + 1];
    if (end === undefined) break;
    // Outer ranges come before those in them.
    const innermost = ranges.findLast((range) => range.startOffset <= start && end <= range.endOffset);
    if (innermost?.count !== 0) continue;
    const last = spans.at(-1);
    const begins = ranges.some(({ startOffset, count }) => startOffset === start && count === 0);
    if (last && last[1] === start && !begins) spans[spans.length - 1] = [last[0], end];
    else spans.push([start, end]);
  }
  return spans;
}

/** The parts that are in both. */
export function inBoth(some: readonly Span[], others: readonly Span[]): readonly Span[] {
  return some.flatMap(([start, end]) =>
    others.flatMap(([from, to]): Span[] => {
      const both: Span = [Math.max(start, from), Math.min(end, to)];
      return both[0] < both[1] ? [both] : [];
    }),
  );
}

/** The number of characters in all of them. */
export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, [start, end]) => sum + end - start, 0);
}
