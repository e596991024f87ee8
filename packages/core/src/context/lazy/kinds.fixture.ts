import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { defer, lastValueFrom, type Observable, tap } from 'rxjs';
import { type Held, type Kind, kind, last, step } from './kind.fixture.js';
import { sinks } from './sinks.fixture.js';

export type { Held, Trail } from './kind.fixture.js';

class OwnStream extends Readable {
  readonly #make: () => Held;
  constructor(make: () => Held) {
    super({ objectMode: true, highWaterMark: 1 });
    this.#make = make;
  }
  override _read() {
    setImmediate(() => {
      this.push(this.#make());
      this.push(null);
    });
  }
}

class Cursor {
  #done = false;
  constructor(private readonly make: () => Held) {}
  async next() {
    await turn();
    const value = this.make();
    const done = this.#done;
    this.#done = true;
    return done ? { done, value: undefined } : { done, value };
  }
}

async function* generate(make: () => Held) {
  make();
  await turn();
  yield make();
}

export const kinds: Readonly<Record<string, Kind<unknown>>> = {
  ...sinks,
  thenable: kind<PromiseLike<Held>>({
    make: (hold, trail) => ({
      // biome-ignore lint/suspicious/noThenProperty: being a lazy thenable is the point.
      then: (resolve, reject) => turn().then(step(hold, trail)).then(resolve, reject),
    }),
    read: async (value) => await value,
  }),
  promise: kind<Promise<Held>>({
    make: (hold, trail) => turn().then(step(hold, trail)),
    read: (value) => value,
  }),
  observable: kind<Observable<Held>>({
    make: (hold, trail) => defer(() => turn().then(step(hold, trail))),
    read: (value, trail) => lastValueFrom(value.pipe(tap(() => trail.read()))),
  }),
  "stream of one's own": kind<Readable>({
    make: (hold, trail) => new OwnStream(step(hold, trail)),
    read: last,
  }),
  'stream of a generator, read by events': kind<Readable>({
    make: (hold, trail) => Readable.from(generate(step(hold, trail))),
    read: (value, trail) =>
      new Promise((resolve, reject) => {
        let found: Held = [undefined];
        value.on('data', (each: Held) => {
          trail.read();
          found = each;
        });
        value.on('end', () => {
          trail.read();
          resolve(found);
        });
        value.on('error', reject);
      }),
  }),
  'async generator': kind<AsyncIterable<Held>>({ make: (hold, trail) => generate(step(hold, trail)), read: last }),
  "async iterable of one's own": kind<AsyncIterable<Held>>({
    make: (hold, trail) => ({ [Symbol.asyncIterator]: () => new Cursor(step(hold, trail)) as AsyncIterator<Held> }),
    read: last,
  }),
  generator: kind<Iterable<Held>>({
    make: (hold, trail) =>
      (function* () {
        yield step(hold, trail)();
      })(),
    read: (value) => [...value][0] as Held,
  }),
  "iterable of one's own": kind<Iterable<Held>>({
    make: (hold, trail) => ({
      *[Symbol.iterator]() {
        yield step(hold, trail)();
      },
    }),
    read: (value) => [...value][0] as Held,
  }),
  function: kind<() => Held>({ make: step, read: (value) => value() }),
  'async function': kind<() => Promise<Held>>({
    make: (hold, trail) => async () => {
      await turn();
      return step(hold, trail)();
    },
    read: (value) => value(),
  }),
  'web stream': kind<ReadableStream<Held>>({
    make: (hold, trail) =>
      new ReadableStream(
        {
          async pull(controller) {
            await turn();
            controller.enqueue(step(hold, trail)());
            controller.close();
          },
        },
        { highWaterMark: 0 },
      ),
    read: (value, trail) => last(value as unknown as AsyncIterable<Held>, trail),
  }),
  getter: kind<{ readonly rows: unknown }>({
    make: (hold, trail) => ({
      total: 1,
      get rows() {
        return step(hold, trail)()[0];
      },
    }),
    read: (value) => [value.rows],
  }),
  'frozen getter, in an object that is looked through': kind<readonly [{ readonly next: unknown }]>({
    make: (hold, trail) => [
      Object.freeze({
        get next() {
          return step(hold, trail)()[0];
        },
      }),
    ],
    read: ([value]) => [value.next],
  }),
  'function with methods': kind<{ (): number; rows(): Held }>({
    make: (hold, trail) => Object.assign(() => 1, { rows: step(hold, trail) }),
    read: (value) => value.rows(),
  }),
  array: kind<unknown[]>({ make: (hold) => ['first', hold()], read: (value) => [value[1]] }),
  'frozen array': kind<readonly unknown[]>({ make: (hold) => Object.freeze([hold()]), read: ([value]) => [value] }),
  object: kind<{ rows: unknown }>({
    make: (hold) => ({ total: 1, rows: hold() }),
    read: (value) => [{ ...value }.rows],
  }),
  'frozen object': kind<{ rows: unknown }>({
    make: (hold) => Object.freeze({ rows: hold() }),
    read: (value) => [value.rows],
  }),
};
