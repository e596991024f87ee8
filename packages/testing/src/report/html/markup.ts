import { codePoint, INVISIBLE } from '../visible-text.js';

/** Markup that is known to be safe, because only {@link html} makes it. */
export class Markup {
  constructor(readonly text: string) {}
}

export type Content = Markup | string | number | null | false | readonly Content[];

/** A template in which every value that is not markup itself is escaped: there is no way to forget it. */
export function html(literals: TemplateStringsArray, ...values: readonly Content[]): Markup {
  let text = literals[0] ?? '';
  for (const [n, value] of values.entries()) text += written(value) + (literals[n + 1] ?? '');
  return new Markup(text);
}

function written(value: Content): string {
  if (value === null || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(written).join('');
  return escaped(String(value), (character) => `‹${codePoint(character)}›`);
}

/** Text of several lines, for `<pre>`: lines and tabs stay, other invisible characters are written out and stand out. */
export function preformatted(text: string): Markup {
  return new Markup(
    escaped(text.replaceAll('\r\n', '\n'), (character) =>
      character === '\n' || character === '\t' ? character : `<span class="unseen">‹${codePoint(character)}›</span>`,
    ),
  );
}

const SPECIAL = new RegExp(`[&<>"']|${INVISIBLE.source}`, 'gu');

function escaped(text: string, visible: (character: string) => string): string {
  return text.replace(SPECIAL, (character) => ENTITIES[character] ?? visible(character));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
