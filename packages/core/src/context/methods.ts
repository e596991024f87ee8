/**
 * True when `value` has all of these methods, which is how something of an optional package is known. Each is asked for before
 * it is read: a provider may be a proxy that refuses to be read for what it has not, as those of nestjs-cls do without a request.
 */
export const hasMethods = (value: unknown, ...names: readonly string[]): value is object =>
  typeof value === 'object' &&
  value !== null &&
  names.every((name) => name in value && typeof (value as Record<string, unknown>)[name] === 'function');
