/** Texts, quoted names and comments, in which a backslash is no command; and the two commands themselves. */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\b[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[a-zA-Z_]\w*)?\$)[\s\S]*?\1|^\\(?:un)?restrict[^\n]*/gm;

/**
 * A text without the lines `\restrict` and `\unrestrict`, which `pg_dump` puts around what it writes, and which mean nothing but to
 * psql. Blanks take their place, so that every other character keeps its own.
 */
export function withoutRestriction(sql: string): string {
  if (!/^\\(?:un)?restrict\b/m.test(sql)) return sql;
  return sql.replaceAll(TOKEN, (token) => (token.startsWith('\\') ? ' '.repeat(token.length) : token));
}
