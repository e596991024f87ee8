const getterOf: (this: object, key: PropertyKey) => unknown = Reflect.get(Object.prototype, '__lookupGetter__');

/** True when reading `key` runs code. Asked this way, because a property descriptor costs twice as much. */
export function isGetter(value: object, key: PropertyKey): boolean {
  return getterOf.call(value, key) !== undefined;
}

/** The value of `key`, if that is there without running code: getters are left alone until somebody reads them. */
export function peek(value: object, key: PropertyKey): unknown {
  return key in value && !isGetter(value, key) ? (value as Record<PropertyKey, unknown>)[key] : undefined;
}
