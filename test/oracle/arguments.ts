/** Arguments as a caller writes them: they may inherit entries, and hold `undefined` and values of any class. */
export type Args = Record<string, unknown>;

export function isPlain(value: unknown): value is Args {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  return isObjectPrototype(Object.getPrototypeOf(value)) || isInheriting(value);
}

const isObjectPrototype = (prototype: unknown) => prototype === Object.prototype || prototype === null;

/** Made by `inheriting`. */
export function isInheriting(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  return (
    prototype !== null &&
    prototype !== Object.prototype &&
    isObjectPrototype(Object.getPrototypeOf(prototype)) &&
    !Object.hasOwn(prototype, 'constructor')
  );
}

/** An object whose entries are all inherited. */
export function inheriting(entries: Args): Args {
  return Object.create(entries) as Args;
}

/** True when any object in it inherits its entries. */
export function hasInherited(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasInherited);
  return isPlain(value) && (isInheriting(value) || Object.values(value).some(hasInherited));
}

export function entriesOf(value: Args): readonly (readonly [string, unknown])[] {
  return Object.entries(isInheriting(value) ? (Object.getPrototypeOf(value) as Args) : value);
}

/** The same again, so that neither side sees what the other does to it. */
export function copied<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copied) as T;
  if (!isPlain(value)) return value;
  const copy = Object.fromEntries(entriesOf(value).map(([key, entry]) => [key, copied(entry)]));
  return (isInheriting(value) ? inheriting(copy) : copy) as T;
}

/** As code, near enough to be pasted. */
export function print(value: unknown, names: ReadonlyMap<unknown, string> = new Map()): string {
  const known = names.get(value);
  if (known !== undefined) return known;
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Date) return `new Date('${value.toISOString()}')`;
  if (value instanceof Uint8Array) return `Buffer.from('${Buffer.from(value).toString('hex')}', 'hex')`;
  if (Array.isArray(value)) return `[${value.map((each) => print(each, names)).join(', ')}]`;
  if (value !== null && typeof value === 'object' && isPlain(value)) {
    const entries = entriesOf(value).map(
      ([key, entry]) => `${/^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key)}: ${print(entry, names)}`,
    );
    const text = entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
    return isInheriting(value) ? `Object.create(${text})` : text;
  }
  if (value !== null && typeof value === 'object') return `${value.constructor?.name ?? 'object'}(${String(value)})`;
  return value === undefined ? 'undefined' : JSON.stringify(value);
}

/** An answer as text: the same text only for the same answer. Where no order was asked for, lists have none. */
export function canonical(value: unknown, isOrdered: boolean): string {
  if (value === undefined) return 'undefined';
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Date) return `Date(${value.toISOString()})`;
  if (value instanceof Uint8Array) return `Bytes(${Buffer.from(value).toString('hex')})`;
  if (Array.isArray(value)) {
    const all = value.map((each) => canonical(each, isOrdered));
    return `[${(isOrdered ? all : all.sort()).join()}]`;
  }
  if (typeof (value as { toFixed?: unknown }).toFixed === 'function') return `Decimal(${String(value)})`;
  const entries = Object.entries(value as object).filter(([, entry]) => typeof entry !== 'function');
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry, isOrdered)}`)
    .join()}}`;
}

/** Arguments that are a little smaller, the smallest first. What an order rests on stays. */
export function* smaller(value: unknown, kept: ReadonlySet<string>): Generator<unknown> {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) yield value.filter((_, each) => each !== index);
    for (let index = 0; index < value.length; index += 1) {
      for (const less of smaller(value[index], kept)) yield value.map((each, at) => (at === index ? less : each));
    }
    return;
  }
  if (!isPlain(value)) return;
  const entries = entriesOf(value);
  const rebuilt = (all: readonly (readonly [string, unknown])[]) => {
    const object = Object.fromEntries(all);
    return isInheriting(value) ? inheriting(object) : object;
  };
  if (isInheriting(value)) yield Object.fromEntries(entries);
  for (const [key] of entries) if (!kept.has(key)) yield rebuilt(entries.filter(([other]) => other !== key));
  for (const [key, entry] of entries) {
    if (kept.has(key)) continue;
    if (Array.isArray(entry) && entry.length === 1)
      yield rebuilt(entries.map(([name, each]) => [name, name === key ? entry[0] : each]));
    for (const less of smaller(entry, kept))
      yield rebuilt(entries.map(([name, each]) => [name, name === key ? less : each]));
  }
}
