import { afterAll, beforeAll } from 'vitest';

interface Stoppable {
  stop(): Promise<void>;
}

/**
 * Opens something before the tests of a file or `describe`, and stops it after them, when all that was made of it is gone.
 *
 * @returns what was opened, to be used by tests and hooks: it is not there yet when they are declared
 */
export function forAllTests<Opened extends Stoppable>(open: () => Promise<Opened>): Opened {
  let opened: Opened | undefined;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.stop());
  const present = (): Opened => {
    if (opened === undefined) throw new Error('it is opened before the first test, and not before that');
    return opened;
  };
  return new Proxy({} as Opened, {
    get: (_, property) => Reflect.get(present(), property),
    set: (_, property, value) => Reflect.set(present(), property, value),
  });
}
