/** The statements and calls of a text, read as PostgreSQL's own scanner reads it: past strings, comments and quoted names. */
export interface SqlText {
  /** True when a second statement follows the first. Where that is not certain PostgreSQL is left to say. */
  readonly isSeveral: boolean;
  /** The names that stand in front of a bracket: what may be called, in lower case as far as it is not quoted. */
  readonly called: ReadonlySet<string>;
  /** The text in lower case, with one space for blanks and comments, `''` for each string, and names without quotes. */
  readonly bare: string;
  /** The strings as they are meant, in the order of the text. */
  readonly strings: readonly string[];
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
  const bare: string[] = [];
  const strings: string[] = [];
  /** The name that has just been read, while nothing but blanks follows it. */
  let name: string | undefined;
  /** How the string is written that has just been read, while nothing but blanks follows it: one in the next line is its end. */
  let open: '' | 'e' | 'u&' | undefined;
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
  const ended = (isSeveral: boolean): SqlText => ({ isSeveral, called, bare: bared(bare), strings });
  const unended = (): SqlText => {
    bare.push(`''`);
    strings.push(text.slice(at + 1));
    return ended(false);
  };
  while (at < text.length) {
    if (found(BLANK) !== undefined) {
      bare.push(' ');
      continue;
    }
    if (text.startsWith('/*', at)) {
      at = endOfComment(text, at);
      bare.push(' ');
      continue;
    }
    const char = text[at] as string;
    const joined = open;
    open = undefined;
    if (char === ';' && depth === 0) {
      if (state === 'in the first') state = 'after the first';
      bare.push(char);
      at += 1;
      continue;
    }
    if (state === 'before') state = 'in the first';
    else if (state === 'after the first') state = 'in another';
    const before: string | undefined = name;
    name = undefined;
    if (char === "'" || char === '"') {
      const isJoined = at > 0 && JOINS.test(text[at - 1] as string);
      const mark = isJoined && (before === 'e' || before === 'u&') ? before : '';
      if (char === '"') {
        const quoted = found(QUOTED);
        if (quoted === undefined) return unended();
        name = quoted.slice(1, -1).replaceAll('""', '"');
        if (mark === 'u&') name = decoded(name, sign(found(UESCAPE)));
        bare.push(name.toLowerCase().replace(/[^\w$.\u0080-\uffff]/g, '_'));
      } else {
        open = joined ?? mark;
        const string = found(open === 'e' ? ESCAPED_STRING : STRING);
        if (string === undefined) return unended();
        // Where `standard_conforming_strings` is off, this one goes on.
        if (string.endsWith("\\'")) isCertain = false;
        const said = string.slice(1, -1).replaceAll("''", "'");
        const meant = open === 'e' ? unescaped(said) : open === 'u&' ? decoded(said, sign(found(UESCAPE))) : said;
        if (joined === undefined) {
          // The mark is part of the string.
          if (mark !== '') bare.pop();
          bare.push(`''`);
          strings.push(meant);
        } else strings.push((strings.pop() ?? '') + meant);
      }
      continue;
    }
    const tag = found(DOLLAR);
    if (tag !== undefined) {
      const end = text.indexOf(tag, at);
      bare.push(`''`);
      strings.push(end === -1 ? text.slice(at) : text.slice(at, end));
      if (end === -1) return ended(false);
      at = end + tag.length;
      continue;
    }
    const number = found(NUMBER);
    if (number !== undefined) {
      bare.push(number);
      continue;
    }
    const word = found(NAME)?.toLowerCase();
    if (word !== undefined) {
      // The statements in the body of a function are its own.
      if (before === 'begin' && word === 'atomic') isCertain = false;
      name = word;
      if (word === 'u' && text[at] === '&' && (text[at + 1] === '"' || text[at + 1] === "'")) {
        name = 'u&';
        at += 1;
        // That of a string is taken away again with it.
        if (text[at] === '"') continue;
      }
      bare.push(name);
      continue;
    }
    if (char === '(') {
      depth += 1;
      if (before !== undefined) called.add(before);
    } else if (char === ')') depth -= 1;
    bare.push(char);
    at += 1;
  }
  return ended(state === 'in another' && isCertain);
}

function bared(tokens: readonly string[]): string {
  return tokens
    .join('')
    .replace(/ +/g, ' ')
    .replace(/ ?\. ?/g, '.')
    .trim();
}

function sign(uescape: string | undefined): string {
  return /'(.)'$/.exec(uescape ?? '')?.[1] ?? '\\';
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

/** With the escapes of an `E''`; those that mean no character of a name may stay. */
function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([\da-fA-F]{1,2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([^bfnrtxuU]))/g,
    (all, x, u, long, octal, self) => {
      if (self !== undefined) return self;
      const code = Number.parseInt(x ?? u ?? long ?? octal, octal === undefined ? 16 : 8);
      return code <= 0x10ffff ? String.fromCodePoint(code) : all;
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
