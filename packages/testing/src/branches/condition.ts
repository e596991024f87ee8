/** The condition that decides about a block, and the outcome of it that the block is for. */
export interface Condition {
  readonly text: string;
  readonly holds: boolean;
}

/**
 * Reads the condition of a block in JavaScript, as far as it stands close by: of `if` and `else`, of what comes after an `if` that
 * returns, of `?` and `:`, `&&` and `||`, and of `case`. Null where it cannot be told.
 *
 * @param within - the offset at which the function begins
 */
export function conditionOf(source: string, within: number, block: number): Condition | null {
  const text = source.slice(block, block + 200);
  const operator = /^\s*(\?\?|\?|:|&&|\|\||case\b)/.exec(text)?.[1];
  if (operator === 'case') return ofCase(source.slice(within, block), text);
  if (operator === '&&' || operator === '?') return { text: operandBefore(source, within, block), holds: true };
  if (operator === '||') return { text: operandBefore(source, within, block), holds: false };
  return operator === undefined ? ofIf(source, within, block) : null;
}

function ofCase(before: string, text: string): Condition | null {
  const value = /^\s*case\s+([^:]+):/.exec(text)?.[1];
  const subject = [...before.matchAll(/\bswitch\s*\(([^)]+)\)/g)].at(-1)?.[1];
  return value && subject ? { text: `${subject} === ${value}`, holds: true } : null;
}

/** The text back to where the expression may have begun. */
function operandBefore(source: string, within: number, end: number): string {
  const before = source.slice(Math.max(within, end - 300), end);
  let depth = 0;
  for (let n = before.length - 1; n >= 0; n -= 1) {
    const character = before[n] as string;
    if (')]'.includes(character)) depth += 1;
    else if ('(['.includes(character)) depth -= 1;
    const isEdge =
      /[;{},]/.test(character) || (/[?:]/.test(character) && before[n + 1] !== '.') || isAssignment(before, n);
    if (depth < 0 || (depth === 0 && isEdge)) return before.slice(n + 1).trim();
  }
  return before.replace(/^.*\breturn\b/s, '').trim();
}

function isAssignment(text: string, at: number): boolean {
  return text[at] === '=' && !/[=!<>]/.test(text[at - 1] ?? '') && !/[=>]/.test(text[at + 1] ?? '');
}

function ofIf(source: string, within: number, block: number): Condition | null {
  const begins = skipped(source, block);
  let found: Condition | null = null;
  for (const { index } of source.slice(within, block).matchAll(/\bif\s*\(/g)) {
    const opened = source.indexOf('(', within + index);
    const closed = endOf(source, opened);
    if (closed === null || closed > block) continue;
    const text = source.slice(opened + 1, closed - 1).trim();
    const then = skipped(source, closed);
    if (then === begins) found = { text, holds: true };
    else if (block > then && skipped(source, endOfStatement(source, then) ?? -1) === begins)
      found = { text, holds: false };
  }
  return found;
}

/** The offset of what comes next. */
function skipped(source: string, offset: number): number {
  const space = /\s*/y;
  space.lastIndex = Math.max(offset, 0);
  return offset < 0 ? -1 : offset + (space.exec(source)?.[0].length ?? 0);
}

function endOfStatement(source: string, start: number): number | null {
  if (source[start] === '{') return endOf(source, start);
  for (let n = start; n < source.length; n = next(source, n)) {
    if (source[n] === ';') return n + 1;
    if ('([{'.includes(source[n] as string)) n = (endOf(source, n) ?? source.length) - 1;
  }
  return null;
}

/** Behind the bracket that closes the one at `start`; null where none does. */
function endOf(source: string, start: number): number | null {
  let depth = 0;
  for (let n = start; n < source.length; n = next(source, n)) {
    if ('([{'.includes(source[n] as string)) depth += 1;
    else if (')]}'.includes(source[n] as string)) depth -= 1;
    if (depth === 0) return n + 1;
  }
  return null;
}

/** The next offset, with strings as one: brackets in them close nothing. */
function next(source: string, offset: number): number {
  const quote = source[offset] as string;
  if (!'\'"`'.includes(quote)) return offset + 1;
  for (let n = offset + 1; n < source.length; n += 1) {
    if (source[n] === '\\') n += 1;
    else if (source[n] === quote) return n + 1;
  }
  return source.length;
}
