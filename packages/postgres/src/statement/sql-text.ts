/** The statements and calls of a text, read as PostgreSQL's own scanner reads it: past strings, comments and quoted names. */
export interface SqlText {
  /** True when a second statement follows the first. Where that is not certain PostgreSQL is left to say. */
  readonly isSeveral: boolean;
  /** The names that stand in front of a bracket: what may be called, in lower case as far as it is not quoted. */
  readonly called: ReadonlySet<string>;
}

const BLANK = /(?:\s|--[^\r\n]*)+/y;
const NAME = /[a-z_\u0080-\uffff][\w$\u0080-\uffff]*/iy;
const NUMBER = /\d[\w.]*|\$\d+/y;
const DOLLAR = /\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/iy;
const STRING = /'[^']*(?:''[^']*)*'/y;
const ESCAPED_STRING = /'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'/y;
const QUOTED = /"[^"]*(?:""[^"]*)*"/y;
const UESCAPE = /(?:\s|--[^\r\n]*|\/\*[\s\S]*?\*\/)*uescape(?:\s|--[^\r\n]*|\/\*[\s\S]*?\*\/)*'(.)'/iy;

let last: (SqlText & { readonly text: string }) | undefined;

export function readSql(text: string): SqlText {
  if (last?.text !== text) last = { text, ...read(text) };
  return last;
}

function read(text: string): SqlText {
  const called = new Set<string>();
  /** The name that has just been read, while nothing but blanks follows it. */
  let name: string | undefined;
  let depth = 0;
  let state: 'before' | 'in the first' | 'after the first' | 'in another' = 'before';
  let isCertain = true;
  let at = 0;
  const found = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const [match] = pattern.exec(text) ?? [];
    if (match !== undefined) at = pattern.lastIndex;
    return match;
  };
  while (at < text.length) {
    if (found(BLANK) !== undefined) continue;
    if (text.startsWith('/*', at)) {
      at = endOfComment(text, at);
      continue;
    }
    const char = text[at] as string;
    if (char === ';' && depth === 0) {
      if (state === 'in the first') state = 'after the first';
      at += 1;
      continue;
    }
    if (state === 'before') state = 'in the first';
    else if (state === 'after the first') state = 'in another';
    const before: string | undefined = name;
    name = undefined;
    if (char === "'" || char === '"') {
      const isJoined = at > 0 && JOINS.test(text[at - 1] as string);
      if (char === '"') {
        const quoted = found(QUOTED);
        if (quoted === undefined) return { isSeveral: false, called };
        name = quoted.slice(1, -1).replaceAll('""', '"');
        if (before === 'u&' && isJoined) {
          name = decoded(name, /'(.)'$/.exec(found(UESCAPE) ?? '')?.[1] ?? '\\');
        }
      } else {
        const string = found(before === 'e' && isJoined ? ESCAPED_STRING : STRING);
        if (string === undefined) return { isSeveral: false, called };
        // Where `standard_conforming_strings` is off, this one goes on.
        if (string.endsWith("\\'")) isCertain = false;
      }
      continue;
    }
    const tag = found(DOLLAR);
    if (tag !== undefined) {
      const end = text.indexOf(tag, at);
      if (end === -1) return { isSeveral: false, called };
      at = end + tag.length;
      continue;
    }
    if (found(NUMBER) !== undefined) continue;
    const word = found(NAME)?.toLowerCase();
    if (word !== undefined) {
      // The statements in the body of a function are its own.
      if (before === 'begin' && word === 'atomic') isCertain = false;
      name = word;
      if (word === 'u' && text[at] === '&' && text[at + 1] === '"') {
        name = 'u&';
        at += 1;
      }
      continue;
    }
    if (char === '(') {
      depth += 1;
      if (before !== undefined) called.add(before);
    } else if (char === ')') depth -= 1;
    at += 1;
  }
  return { isSeveral: state === 'in another' && isCertain, called };
}

/** An `E` or `U&` is part of the string or name that follows it at once. */
const JOINS = /[\w&]/;

/** A name with `\0061` and `\+000061` in it. */
export function decoded(name: string, sign: string): string {
  const mark = `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`;
  return name.replace(
    new RegExp(`${mark}(?:(${mark})|\\+([0-9a-f]{6})|([0-9a-f]{4}))`, 'giu'),
    (all, self, long, short) => {
      const code = Number.parseInt(long ?? short, 16);
      return self ? sign : code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}

/** Comments nest. */
export function endOfComment(text: string, from: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = from;
  let depth = 0;
  for (let found = mark.exec(text); found; found = mark.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return text.length;
}
