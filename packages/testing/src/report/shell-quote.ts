import { HASH_COMMAND, INVISIBLE } from './visible-text.js';

const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * One argument for a POSIX shell, on one line of printable characters: pasted into a terminal, nothing in it is run,
 * expanded, or interpreted by the terminal itself. NUL, which no argument can hold, is left out.
 *
 * @param encoding - of what the program gets
 */
export function shellQuote(text: string, encoding: 'utf8' | 'latin1' = 'utf8'): string {
  if (PLAIN.test(text)) return text;
  const clean = text.replaceAll('\0', '');
  const isAsTyped = encoding === 'utf8' || !/[^\0-\x7f]/.test(clean);
  if (isAsTyped && !INVISIBLE.test(clean)) return singleQuoted(clean);
  // $(…) drops newlines at the end.
  const end = clean.replace(/\n+$/, '');
  const newlines = clean.length === end.length ? '' : singleQuoted(clean.slice(end.length));
  return `${end === '' ? '' : `"$(${printfOf(Buffer.from(end, encoding))})"`}${newlines}`;
}

/** `printf '…'`, which writes exactly these bytes. */
export function printfOf(bytes: Uint8Array): string {
  const format = [...bytes].map(written).join('');
  // A format that begins with a dash would be an option.
  return `printf ${format.startsWith('-') ? '-- ' : ''}'${format}'`;
}

function written(byte: number): string {
  if (byte === 0x0a) return '\\n';
  if (byte === 0x25) return '%%';
  // What may mean something to printf, to quotes, to an interactive shell's history, or to a CI server.
  if (byte < 0x20 || byte > 0x7e || `'"\\!\`$#`.includes(String.fromCharCode(byte))) {
    return `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return String.fromCharCode(byte);
}

/** Quotes end between the signs of what a CI server would take for a command. */
const singleQuoted = (text: string) => `'${text.replaceAll("'", `'\\''`).replaceAll(COMMAND, "#''")}'`;

const COMMAND = new RegExp(HASH_COMMAND, 'gi');
