/** Tokens that may hold commas and brackets of their own, and brackets, commas and semicolons themselves. */
const TOKEN =
  /--[^\n]*|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[a-zA-Z_]\w*)?\$)[\s\S]*?\1|\/\*[\s\S]*?\*\/|[()[\],;]/g;

/** The text from a place up to the comma, bracket or semicolon that ends this element of its list, or up to another place. */
export function partFrom(sql: string, from: number, before = sql.length): string {
  TOKEN.lastIndex = from;
  let depth = 0;
  for (let found = TOKEN.exec(sql); found !== null; found = TOKEN.exec(sql)) {
    const [token] = found;
    if (found.index >= before) break;
    if (token === '(' || token === '[') depth += 1;
    else if (token === ')' || token === ']') depth -= 1;
    if (depth < 0 || token === ';' || (token === ',' && depth === 0)) return trimmed(sql.slice(from, found.index));
  }
  return trimmed(sql.slice(from, before));
}

/** A text on one line, without comments. */
function trimmed(part: string): string {
  return part
    .replaceAll(/--[^\n]*$/gm, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** A statement on one line, cut where it gets long. */
export function shortened(statement: string, length = 120): string {
  const line = trimmed(statement);
  return line.length <= length ? line : `${line.slice(0, length - 1).trimEnd()}…`;
}
