/**
 * Characters that a reader cannot see, or that change how the text around it is read: controls, escapes of terminals, marks that
 * reverse the direction, zero-width characters, halves of surrogate pairs.
 */
export const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\u115f\u1160\u3164\uffa0]|\u034f/u;

const EVERY_INVISIBLE = new RegExp(INVISIBLE, 'gu');

/** `U+202E` for a character that cannot be seen. */
export function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The text, in which each invisible character is written out: `‹U+202E›`. Safe to print on a terminal. */
export function visibleText(text: string): string {
  return text.replace(EVERY_INVISIBLE, (character) => `‹${codePoint(character)}›`);
}

/** The first `length` characters, and how many there were, where there are more. Never cut inside a surrogate pair. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = isPair(text, length) ? length - 1 : length;
  return `${text.slice(0, end)}… (${text.length.toLocaleString('en')} characters)`;
}

/** True when cutting at `index` would halve a surrogate pair. */
export function isPair(text: string, index: number): boolean {
  return (text.codePointAt(index - 1) ?? 0) > 0xffff;
}
