import { misconfigured } from './misconfigured.js';

/**
 * @param required - an option that must be there
 * @throws `floor_misconfigured` where the options of `place` are no object.
 */
export function requireOptions(place: string, options: unknown, required?: string): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  const object = required === undefined ? 'an object, or leave it out' : `an object with \`${required}\``;
  throw misconfigured(`${place}: its options are ${said(options)}, so nothing can be read from them. Pass ${object}.`);
}

/** @throws `floor_misconfigured` where `connection` cannot be asked. */
export function requireQueryable(place: string, connection: unknown): void {
  if (typeof (connection as { readonly query?: unknown } | null | undefined)?.query === 'function') return;
  throw misconfigured(
    `${place}: its first argument is ${said(connection)}, which has no \`query\`, so the database cannot be asked. Pass a connected \`pg\` client, or a pool.`,
  );
}

/** @throws `floor_misconfigured` where `value` is no list, or has an entry that `isEntry` does not take. */
export function requireList(
  place: string,
  option: string,
  value: unknown,
  isEntry: (entry: unknown) => boolean = isName,
): void {
  if (Array.isArray(value) && value.every(isEntry)) return;
  const what = Array.isArray(value) ? 'has an entry that names nothing' : `is ${said(value)}, not a list`;
  throw misconfigured(
    `${place}: the option \`${option}\` ${what}, so it is unknown what is meant. Pass a list of names.`,
  );
}

/** @throws `floor_misconfigured` where `value` is no text, or an empty one. */
export function requireName(place: string, option: string, value: unknown): void {
  if (isName(value)) return;
  throw misconfigured(
    `${place}: the option \`${option}\` is ${said(value)}, which names nothing. Pass a text that is not empty.`,
  );
}

/** A name, or an object that has one. */
export function isNamed(entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null) return isName(entry);
  const { name, schema = 'public' } = entry as { readonly name?: unknown; readonly schema?: unknown };
  return isName(name) && isName(schema);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** A value as an error shows it. What is in an object stays there: it may be a password. */
export function said(value: unknown): string {
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
