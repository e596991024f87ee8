import { createHash } from 'node:crypto';
import { TenancyConfigurationError } from '../errors/configuration-error.js';

/** Bytes of the longest name of a folder that every file system takes, with room for what stands around it. */
const LONGEST_FOLDER = 200;
/** S3 takes 1024 for folder and key. */
const LONGEST_KEY = 800;

/**
 * The folder of an owner. X4: no two names have one: `A` and `a` would on some disks, two forms of `é` on others, and `a/b` would be
 * below `a`. So everything but small letters, digits, `-` and `_` is written by its bytes, and a name that gets too long by its hash.
 *
 * @param kind - `t` for a tenant, `s` for what is shared
 */
export function folderOf(kind: 't' | 's', name: string): string {
  const written = escaped(name, /[a-z0-9_-]/);
  const folder = written.length <= LONGEST_FOLDER ? written : `~~${createHash('sha256').update(name).digest('hex')}`;
  return `${kind}-${folder}`;
}

/** `text`, with the bytes of everything that is not `plain` as `~` and two digits. */
export function escaped(text: string, plain: RegExp): string {
  return [...text]
    .map((character) =>
      plain.test(character)
        ? character
        : [...Buffer.from(character)].map((byte) => `~${byte.toString(16).padStart(2, '0')}`).join(''),
    )
    .join('');
}

/** The text that {@link escaped} was given, or null for what it did not write. */
export function unescaped(written: string, plain: RegExp): string | null {
  const bytes = Buffer.from(
    written.replaceAll(/~([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  const text = bytes.toString();
  return escaped(text, plain) === written ? text : null;
}

/**
 * `key`, where it names a file and leads to no other place, on a disk or in an address.
 *
 * @param place - what it was given to, as an error names it
 * @throws `tenancy_misconfigured` for anything else.
 */
export function checkedKey(place: string, key: unknown): string {
  const problem = typeof key === 'string' ? problemOf(key) : 'is no string';
  if (problem === null) return key as string;
  throw new TenancyConfigurationError(place, `is given a key that ${problem}`, KEYS);
}

/** `prefix`, where it is the beginning of a key: the last part may be of any length. */
export function checkedPrefix(place: string, prefix: unknown): string {
  if (prefix === '') return prefix;
  const problem = typeof prefix === 'string' ? problemOf(`${prefix}x`) : 'is no string';
  const last = String(prefix).split('/').at(-1);
  if (problem === null && last !== '.' && last !== '..') return prefix as string;
  throw new TenancyConfigurationError(place, `is given a prefix that ${problem ?? 'leads out of its folder'}`, KEYS);
}

const KEYS = 'A key is `invoices/2026/4711.pdf`: names between single slashes, none of them `.` or `..`.';

function problemOf(key: string): string | null {
  if (key === '') return 'is empty';
  if (!key.isWellFormed()) return 'is no well-formed text';
  if (Buffer.byteLength(key) > LONGEST_KEY) return `has more than ${LONGEST_KEY} bytes`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they end a name on some systems, and a line in every log.
  if (/[\u0000-\u001f\u007f\\]/.test(key)) return 'has a backslash or a control character';
  const names = key.split('/');
  if (names.includes('')) return 'begins or ends with a slash, or has two in a row';
  if (names.includes('.') || names.includes('..')) return 'leads out of its folder';
  return null;
}
