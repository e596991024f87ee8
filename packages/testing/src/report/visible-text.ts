/**
 * Characters that a reader cannot see, or that change how the text around it is read: controls, escapes of terminals, marks that
 * reverse the direction, zero-width characters, halves of surrogate pairs.
 */
export const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\u115f\u1160\u3164\uffa0]|\u034f/u;

/** The first character of what Azure Pipelines, GitHub and TeamCity take for a command wherever it stands in a line, as a source. */
export const HASH_COMMAND = String.raw`#(?=#(?:\[|vso\[|teamcity\[))`;

const EVERY_INVISIBLE = new RegExp(INVISIBLE, 'gu');

/** `U+202E` for a character that cannot be seen. */
export function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/**
 * The text, in which each invisible character is written out: `‹U+202E›`. Safe to print on a terminal, and on the output of a CI
 * server, which takes lines such as `::error::` and `##vso[…]` for commands.
 */
export function visibleText(text: string): string {
  return text
    .replace(EVERY_INVISIBLE, (character) => `‹${codePoint(character)}›`)
    .replace(COMMAND, ([character = '']) => `‹${codePoint(character)}›`);
}

/** The first character of what GitHub takes for a command at the beginning of a line, which wrapping may make of any place. */
const COMMAND = new RegExp(
  `:(?=:(?:error|warning|notice|debug|group|endgroup|add-mask|add-matcher|remove-matcher|stop-commands|echo|set-output|save-state|set-env|add-path)(?: |::))|${HASH_COMMAND}`,
  'gi',
);

/** JSON, in which each invisible character is escaped: the same value, and safe to be shown as it stands. */
export function visibleJson(json: string): string {
  return json.replace(EVERY_INVISIBLE, (character) => {
    if (character === '\n') return character;
    // A pair, where it takes two units.
    const units = Array.from({ length: character.length }, (_, n) => character.charCodeAt(n));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
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
