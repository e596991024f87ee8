/** Something about objects that are others', which ends with them and which nobody else sees. */
export interface PrivateSlot<V> {
  /** @returns undefined where nothing was set, and for what is no object. */
  get(object: unknown): V | undefined;
  set(object: object, value: V | undefined): void;
}

/** A class over this one puts its private fields on the object that it is given. */
class Given {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: it is what this class is for.
    return object;
  }
}

/**
 * As a `WeakMap`, for what is kept with each call. Those of V8 are heavy there: what they refer to outlives every collection
 * of the young generation, which doubled the memory and the collector's time of an insert.
 */
export function privateSlot<V>(): PrivateSlot<V> {
  // An object that takes no fields, as a frozen constant.
  const closed = new WeakMap<object, V | undefined>();
  return class Slot extends Given {
    #value: V | undefined;

    private constructor(object: object, value: V | undefined) {
      super(object);
      this.#value = value;
    }

    static get(object: unknown): V | undefined {
      if (typeof object !== 'object' || object === null) return undefined;
      return #value in object ? object.#value : closed.get(object);
    }

    static set(object: object, value: V | undefined): void {
      if (#value in object) object.#value = value;
      else if (Object.isExtensible(object)) new Slot(object, value);
      else closed.set(object, value);
    }
  };
}
