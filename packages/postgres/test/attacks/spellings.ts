export type Spelling = readonly [way: string, spell: (text: string) => string];

export const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const hex = (text: string) => Buffer.from(text).toString('hex');
const each = (text: string, spell: (code: string) => string) =>
  [...text].map((char) => spell((char.codePointAt(0) ?? 0).toString(16))).join('');

/** Ways to say a string. */
export const STRINGS: readonly Spelling[] = [
  ['plain', quoted],
  ['in dollars', (text) => `$q$${text}$q$`],
  ['E, in hexadecimal', (text) => `E'${each(text, (code) => `\\x${code.padStart(2, '0')}`)}'`],
  [
    'e, in octal',
    (text) => `e'${[...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}'`,
  ],
  ['U&', (text) => `U&'${each(text, (code) => `\\${code.padStart(4, '0')}`)}'`],
  ['U& with a sign of its own', (text) => `u&'${each(text, (code) => `!${code.padStart(4, '0')}`)}' uescape '!'`],
  ['over two lines', (text) => `${quoted(text.slice(0, 2))} -- on\n ${quoted(text.slice(2))}`],
  ['put together', (text) => `${quoted(text.slice(0, 2))} || ${quoted(text.slice(2))}`],
  ['formatted', (text) => `format('%s%s', ${quoted(text.slice(0, 3))}, ${quoted(text.slice(3))})`],
  ['decoded', (text) => `convert_from('\\x${hex(text)}', 'utf8')`],
  ['backwards', (text) => `reverse(${quoted([...text].reverse().join(''))})`],
];

/** Ways to say a name. */
export const NAMES: readonly Spelling[] = [
  ['plain', (name) => name],
  [
    'quoted',
    (name) =>
      name
        .split('.')
        .map((part) => `"${part}"`)
        .join(' . '),
  ],
  ['upper', (name) => name.toUpperCase()],
  [
    'U&',
    (name) =>
      name
        .split('.')
        .map((part) => `U&"${each(part, (code) => `\\${code.padStart(4, '0')}`)}"`)
        .join('.'),
  ],
];

/** Ways to write a statement, none of which changes what it is. */
export const BLANKS: readonly Spelling[] = [
  ['as it is', (text) => text],
  ['behind a comment', (text) => `/* in /* it */ */${text}`],
  ['behind a line', (text) => `-- first\r${text}`],
  ['behind semicolons', (text) => `;; ${text} ;`],
  ['with comments for blanks', (text) => text.replace(/ /g, '/**/')],
  ['with form feeds', (text) => text.replace(/ /g, '\f')],
];

export const HARM = `update job set title = 'harmed'`;

/** Ways to have a statement run by another one. `again` undoes it. */
export const CARRIERS: readonly (readonly [way: string, carry: (text: string, again: string) => string])[] = [
  ['in a block', (text, again) => `do $$ begin ${text}; ${HARM}; ${again}; end $$`],
  ['in a block that is left', (text) => `do $b$ begin ${text}; ${HARM}; end $b$`],
  ['executed', (text, again) => `do $$ begin execute ${quoted(text)}; ${HARM}; execute ${quoted(again)}; end $$`],
  [
    'executed, put together',
    (text, again) =>
      `do $$ begin execute ${text.split('').map(quoted).join('||')}; ${HARM}; execute ${again.split('').map(quoted).join('||')}; end $$`,
  ],
  [
    'in a block in escapes',
    (text, again) => `do E'${each(`begin ${text}; ${HARM}; ${again}; end`, (code) => `\\x${code.padStart(2, '0')}`)}'`,
  ],
  [
    'in a block in U&',
    (text, again) =>
      `do language plpgsql U&'${each(`begin ${text}; ${HARM}; ${again}; end`, (code) => `\\${code.padStart(4, '0')}`)}'`,
  ],
  [
    'in a block in a block',
    (text, again) => `do $a$ begin execute $b$do $c$ begin ${text}; ${HARM}; ${again}; end $c$$b$; end $a$`,
  ],
  [
    'in a function that is made',
    (text, again) =>
      `do $a$ begin execute $b$create function pg_temp.f() returns void language plpgsql as $c$ begin ${text}; ${HARM}; ${again}; end $c$$b$; perform pg_temp.f(); end $a$`,
  ],
];

/** Ways to have a function called by another statement. */
export const CALLERS: readonly (readonly [way: string, call: (call: string, again: string) => string])[] = [
  ['called', (call) => `select ${call}`],
  ['called, and read', (call, again) => `select ${call}, (select string_agg(title, ',') from job), ${again}`],
  ['in WITH', (call) => `with x as materialized (select ${call} as a) select title from x, job`],
  ['in VALUES', (call) => `values (${call})`],
  ['in brackets', (call) => `((select ${call}))`],
  ['explained', (call) => `explain analyze select ${call}`],
  [
    'in XML',
    (call) =>
      `select query_to_xml(${quoted(`select ${call}`)}, true, true, ''), query_to_xml('select title from job', true, true, '')`,
  ],
  ['in a condition', (call) => `delete from job where ${call} is not null`],
  ['in an insertion', (call) => `insert into job (title) select 'of ' || ${call}`],
  ['in a block', (call, again) => `do $$ begin perform ${call}; ${HARM}; perform ${again}; end $$`],
  ['assigned in a block', (call, again) => `do $$ declare x text := ${call}; begin ${HARM}; x := ${again}; end $$`],
];

/** As many of them, always the same for the same seed. */
export function drawn<T>(all: readonly T[], count: number, seed: number): readonly T[] {
  let state = seed;
  const left = [...all];
  return Array.from({ length: Math.min(count, all.length) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return left.splice(Math.floor((state / 2 ** 32) * left.length), 1)[0] as T;
  });
}
