import type { Tenant } from '@tenancy/core';
import { isSecretName, MARK, markOf, variableOf } from './secret-names.js';
import { isSecretHeader, partsOf } from './secrets.js';

/** The secrets that were met in this process, each with its mark, wherever they turn up again. */
const known = new Map<string, string>();
/** Names of the headers that somebody was signed in by, in lower case. */
const credentials = new Set<string>();

/** Values that are shorter would blot out what is no secret. */
const SHORTEST = 8;

/** Of headers and cookies, where a short value says which tenant, language or page. */
const SHORTEST_IN_HEADER = 12;

/** Remembers what a tenant was signed in by, so that no report shows it. */
export function rememberSignIn({ id, slug }: Tenant, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    if ([id, slug].includes(value)) continue;
    credentials.add(name.toLowerCase());
    rememberHeader(name, value);
  }
}

/** True for a header that signs somebody in, by its name or because somebody was signed in by it. */
export function isCredential(name: string): boolean {
  return isSecretHeader(name) || isSecretName(name) || credentials.has(name.toLowerCase());
}

export function rememberHeader(name: string, value: string): void {
  const mark = markOf(variableOf(name));
  const remember = (secret: string) => {
    if (secret.length >= SHORTEST_IN_HEADER) rememberSecret(secret, mark);
  };
  remember(partsOf(name, value).secret);
  if (/cookie/i.test(name)) {
    for (const pair of value.split(/[;,]/)) remember(pair.slice(pair.indexOf('=') + 1).trim());
  }
}

/** Remembers the value of what has the name of a secret. */
export function rememberNamed(name: string, value: string): void {
  if (value.length >= SHORTEST) rememberSecret(value, markOf(variableOf(name)));
}

/** Remembers the passwords of addresses in a text: `postgres://app:password@db`. */
export function rememberAddresses(text: string): void {
  for (const [, , password = ''] of text.matchAll(ADDRESS)) rememberNamed('password', password);
}

const ADDRESS = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@"']*):([^\s/@"']+)@/gi;

function rememberSecret(secret: string, mark: string): void {
  if (MARK.test(secret) || known.has(secret)) return;
  for (const written of [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)]) {
    known.set(written, mark);
  }
}

/** The text without the secrets that are known, and without what looks like one. Doing it again changes nothing. */
export function concealedText(text: string): string {
  let left = text;
  // The longest first, so that no remainder of one stays.
  for (const secret of [...known.keys()].sort((one, other) => other.length - one.length)) {
    if (left.includes(secret)) left = replacedApart(left, secret, known.get(secret) ?? '');
  }
  return LOOKS.reduce((rest, [look, mark]) => rest.replace(look, mark as never), left);
}

/** An excerpt, at whose ends a known secret may have been cut. */
export function concealedExcerpt(excerpt: string): string {
  let left = concealedText(excerpt);
  for (const [secret, mark] of known) {
    for (let length = secret.length - 1; length >= SHORTEST; length -= 1) {
      const [head, tail] = [`…${secret.slice(-length)}`, `${secret.slice(0, length)}…`];
      if (left.startsWith(head)) left = `…${mark}${left.slice(head.length)}`;
      if (left.endsWith(tail)) left = `${left.slice(0, -tail.length)}${mark}…`;
    }
  }
  return left;
}

/** Not inside of a longer word, which is another. */
function replacedApart(text: string, secret: string, mark: string): string {
  if (secret.length >= 2 * SHORTEST) return text.replaceAll(secret, mark);
  const apart = new RegExp(`(?<![\\p{L}\\p{N}_])${escaped(secret)}(?![\\p{L}\\p{N}_])`, 'gu');
  return text.replace(apart, () => mark);
}

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** Bounded, as a text may be one long word. */
const NAME = String.raw`[\w.$[\]-]{0,60}`;

/** Of JSON, also where it is a text within JSON. */
const JSON_FIELD = new RegExp(
  String.raw`(\\*["'])(${NAME})\1(\s*:\s*)(?:(\\*["'])((?:(?!\4)[^\\]|\\.){0,20000}?)\4|(-?\d+))`,
  'g',
);

function fieldWithout(all: string, ...groups: string[]): string {
  const [quote = '', name = '', colon = '', around = '', text = '', number] = groups;
  const field = `${quote}${name}${quote}${colon}`;
  if (!isSecretName(name))
    return (around && `${field}${around}${text.replace(JSON_FIELD, fieldWithout)}${around}`) || all;
  if (isMark(text) || (text === '' && number === undefined)) return all;
  return `${field}${around || '"'}${markOf(variableOf(name))}${around || '"'}`;
}

/** Texts that are secrets by how they look, or by the name before them. */
const LOOKS: readonly (readonly [RegExp, (...groups: string[]) => string])[] = [
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*){1,4}/g, () => markOf('TOKEN')],
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g, () => markOf('PRIVATE_KEY')],
  // A challenge such as `Bearer realm` is none.
  [
    /\b(Bearer|Basic|Token) ([\w.~+/=-]{8,})/gi,
    (all, scheme = '', secret = '') => (/\d|.{24}/.test(secret) ? `${scheme} ${markOf('TOKEN')}` : all),
  ],
  [ADDRESS, (_, before = '') => `${before}:${markOf('PASSWORD')}@`],
  [JSON_FIELD, fieldWithout],
  // A form, a query, a line of a log.
  [
    new RegExp(String.raw`(${NAME})=("[^"]*"|[^\s&;,"'<>]+)`, 'g'),
    (all, name = '', value = '') =>
      isSecretName(name) && !isMark(value) ? `${name}=${markOf(variableOf(name))}` : all,
  ],
  // In prose, a colon is followed by words as well.
  [
    new RegExp(String.raw`(${NAME}): ?([\w.~+/=$%-]{8,})`, 'g'),
    (all, name = '', value = '') =>
      isSecretName(name) && /\d|.{24}/.test(value) ? `${name}: ${markOf(variableOf(name))}` : all,
  ],
  [
    /(name="([^"]+)"(?:\r?\n[^\r\n]+)*\r?\n\r?\n)([^\r\n]+)/g,
    (all, before = '', name = '', value = '') =>
      isSecretName(name) && !isMark(value) ? `${before}${markOf(variableOf(name))}` : all,
  ],
];

const isMark = (text: string) => MARK.test(text);
