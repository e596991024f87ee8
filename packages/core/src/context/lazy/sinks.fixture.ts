import { Duplex, Transform, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { type Held, type Kind, kind, last, step, type Trail } from './kind.fixture.js';

/** A stream to write to, and its content, taken out when it has been written to. */
interface Sink {
  readonly sink: Writable;
  found(): Held;
}

/** With a `_final` besides, which Node runs as well as `_flush`. */
class Tail extends Transform {
  readonly #make: () => Held;
  constructor(make: () => Held) {
    super({ objectMode: true });
    this.#make = make;
  }
  override _transform(_: unknown, __: unknown, done: () => void) {
    this.#make();
    done();
  }
  override _final(done: () => void) {
    this.#make();
    done();
  }
  override _flush(done: () => void) {
    this.push(this.#make());
    done();
  }
}

/** Writes as whoever reads the value does, and is called back as that. */
const write = (sink: Writable, trail: Trail) => {
  for (const chunk of ['a', 'b', 'c']) sink.write(chunk, () => trail.read());
  return new Promise<void>((resolve, reject) => {
    sink.on('error', reject).end(() => resolve(trail.read()));
  });
};

const writeWeb = async (sink: WritableStream<unknown>, trail: Trail) => {
  // It has started by then, so that nothing of it is still to come from where it was made.
  await turn();
  const writer = sink.getWriter();
  for (const chunk of ['a', 'b', 'c']) writer.write(chunk).then(() => trail.read());
  await writer.close();
};

const written = async (duplex: Duplex, trail: Trail): Promise<Held> => {
  const [found] = await Promise.all([last(duplex, trail), write(duplex, trail)]);
  return found;
};

/** Streams that are written to. */
export const sinks: Readonly<Record<string, Kind<unknown>>> = {
  'writable, written one by one': kind<Sink>({
    make: (hold, trail) => {
      let found: Held = [undefined];
      const write = (_: unknown, __: unknown, done: () => void) =>
        void turn()
          .then(step(hold, trail))
          .then(() => done());
      const final = (done: () => void) => {
        found = step(hold, trail)();
        done();
      };
      return { sink: new Writable({ highWaterMark: 1, write, final }), found: () => found };
    },
    read: (value, trail) => write(value.sink, trail).then(value.found),
  }),
  'writable, written together, and closed': kind<Sink>({
    make: (hold, trail) => {
      let found: Held = [undefined];
      const writev = (_: unknown, done: () => void) => {
        step(hold, trail)();
        done();
      };
      const destroy = (_: unknown, done: (error: null) => void) => {
        found = step(hold, trail)();
        done(null);
      };
      return { sink: new Writable({ writev, destroy }), found: () => found };
    },
    read: async (value, trail) => {
      const closed = new Promise((resolve) => value.sink.on('close', resolve));
      value.sink.cork();
      process.nextTick(() => value.sink.uncork());
      await write(value.sink, trail);
      await closed;
      return value.found();
    },
  }),
  duplex: kind<Duplex>({
    make: (hold, trail) =>
      new Duplex({
        objectMode: true,
        read() {},
        write: (_, __, done) => done(void trail.made()),
        final(done) {
          this.push(step(hold, trail)());
          this.push(null);
          done();
        },
      }),
    read: written,
  }),
  'transform with an end of its own': kind<Duplex>({
    make: (hold, trail) => {
      let flushed = 0;
      return new Transform({
        objectMode: true,
        transform: (_, __, done) => done(void trail.made()),
        flush(done) {
          flushed += 1;
          this.push(flushed === 1 ? step(hold, trail)() : 'flushed twice');
          done();
        },
      });
    },
    read: written,
  }),
  "transform of one's own": kind<Duplex>({ make: (hold, trail) => new Tail(step(hold, trail)), read: written }),
  'web writable': kind<{ readonly sink: WritableStream<unknown>; found(): Held }>({
    make: (hold, trail) => {
      let found: Held = [undefined];
      const write = () => turn().then(() => trail.made());
      const close = () => {
        found = step(hold, trail)();
      };
      return { sink: new WritableStream({ write, close }), found: () => found };
    },
    read: async (value, trail) => {
      await writeWeb(value.sink, trail);
      return value.found();
    },
  }),
  'web transform': kind<TransformStream<unknown, Held>>({
    make: (hold, trail) =>
      new TransformStream({
        transform: () => turn().then(() => trail.made()),
        flush: (controller) => controller.enqueue(step(hold, trail)()),
      }),
    read: async (value, trail) => {
      const readable = value.readable as unknown as AsyncIterable<Held>;
      const [found] = await Promise.all([last(readable, trail), writeWeb(value.writable, trail)]);
      return found;
    },
  }),
};
