/** An object of a package that is not imported, known by what it can do. */
export type Duck = Record<string, unknown>;

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** True when it has the method. A provider may be a proxy that throws for what it does not have. */
export function can(target: Duck, name: string): boolean {
  try {
    return typeof target[name] === 'function';
  } catch {
    return false;
  }
}

/** Puts `before` in front of the method, and `after` behind its answer, on this object alone. */
export function around(
  target: Duck,
  name: string,
  { before, after }: { before?: (args: unknown[]) => void; after?: (args: unknown[], result: unknown) => void },
): void {
  if (!can(target, name)) return;
  const original = target[name] as Method;
  target[name] = function (this: unknown, ...args: unknown[]) {
    before?.(args);
    const result = Reflect.apply(original, this === undefined ? target : this, args);
    if (!after) return result;
    if (result instanceof Promise) {
      return result.then((value: unknown) => {
        after(args, value);
        return value;
      });
    }
    after(args, result);
    return result;
  };
}

/** Calls `listen` for each of the emitter's `event`. */
export function on(emitter: Duck, event: string, listen: (subject: Duck) => void): void {
  Reflect.apply(emitter['on'] as Method, emitter, [event, listen]);
}
