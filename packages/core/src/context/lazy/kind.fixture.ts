/** The content of a lazy value, in an array of its own: a promise would not hold a thenable, it would await it. */
export type Held = readonly [unknown];

/** Tells which tenant ran a step of what makes a value, or of what reads it. */
export interface Trail {
  made(): void;
  read(): void;
}

/** One kind of lazy value: made of something that it holds, and read until that is there. */
export interface Kind<T> {
  make(hold: () => unknown, trail: Trail): T;
  read(value: T, trail: Trail): Held | Promise<Held>;
}

export const kind = <T>(it: Kind<T>): Kind<unknown> => it as Kind<unknown>;

export const last = async (iterable: AsyncIterable<Held>, trail: Trail): Promise<Held> => {
  let found: Held = [undefined];
  for await (const each of iterable) {
    trail.read();
    found = each;
  }
  return found;
};

export const step = (hold: () => unknown, trail: Trail) => (): Held => {
  trail.made();
  return [hold()];
};
