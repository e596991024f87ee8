import { execFile, spawn } from 'node:child_process';
import { pbkdf2, randomBytes } from 'node:crypto';
import { lookup } from 'node:dns';
import { EventEmitter, on, once } from 'node:events';
import { createReadStream, readFile } from 'node:fs';
import { PassThrough, Readable, Transform } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createGzip, gzip } from 'node:zlib';
import { context, inHandler, lazily, type Seen, type Subject, seen, Waiting } from '../row.js';

/** A function of Node's with a callback, called in the request. */
const callback = (what: string, call: (back: () => void) => unknown) =>
  inHandler(what, 'right', () => () => new Promise<Seen>((resolve) => call(() => resolve(seen()))));

const echo = `require('node:worker_threads').parentPort.on('message', (id) => {
  require('node:worker_threads').parentPort.postMessage(id);
})`;

function transformOfAll(waiting: Waiting): Transform {
  const shared = new Transform({
    objectMode: true,
    transform: (id: number, _, done) => setImmediate(() => done(null, id)),
  });
  return shared.on('data', (id: number) => waiting.answer(id));
}

export const node: Subject = {
  about: 'Node.js',
  rows: [
    callback('`setTimeout`', (back) => setTimeout(back, 1)),
    callback('`setImmediate`', (back) => setImmediate(back)),
    callback('`process.nextTick`', (back) => process.nextTick(back)),
    callback('`queueMicrotask`', (back) => queueMicrotask(back)),
    callback('a promise’s `then`', (back) => sleep(1).then(back)),
    callback('callbacks of `fs`', (back) => readFile(import.meta.filename, back)),
    callback('events of an `fs` stream', (back) =>
      createReadStream(import.meta.filename)
        .resume()
        .on('end', back),
    ),
    callback('callbacks of `zlib`', (back) => gzip('text', back)),
    callback('events of a `zlib` stream', (back) => createGzip().on('end', back).resume().end('text')),
    callback('callbacks of `crypto`', (back) => pbkdf2('password', randomBytes(8), 10, 16, 'sha256', back)),
    callback('callbacks of `dns`', (back) => lookup('localhost', back)),
    callback('callbacks of `child_process`', (back) => execFile(process.execPath, ['--version'], back)),
    callback('events of a child process', (back) => spawn(process.execPath, ['--version']).on('exit', back)),
    callback('`pipeline` and `finished` of streams', (back) => {
      const through = new PassThrough().resume();
      return Promise.all([pipeline(Readable.from(['text']), through), finished(through)]).then(back);
    }),
    inHandler('`for await` over a stream', 'right', () => async () => {
      for await (const _ of Readable.from([1, 2])) await sleep(1);
      return seen();
    }),
    inHandler('a listener on an AbortSignal of the request’s own', 'right', () => () => {
      const signal = AbortSignal.timeout(1);
      return new Promise<Seen>((resolve) => signal.addEventListener('abort', () => resolve(seen())));
    }),
    inHandler('`await once(shared, …)`', 'right', () => {
      const shared = new EventEmitter();
      const timer = setInterval(() => shared.emit('tick'), 1);
      timer.unref();
      return async () => {
        await once(shared, 'tick');
        return seen();
      };
    }),
    inHandler('`for await` over `on(shared, …)`', 'right', () => {
      const shared = new EventEmitter();
      setInterval(() => shared.emit('tick'), 1).unref();
      return async () => {
        for await (const _ of on(shared, 'tick')) return seen();
        return undefined;
      };
    }),
    inHandler(
      'a listener that each request puts on a shared emitter',
      "another's",
      () => {
        const shared = new EventEmitter().setMaxListeners(0);
        return listening(shared, (listener) => listener);
      },
      { fix: 'a bound listener on a shared emitter' },
    ),
    inHandler('a bound listener on a shared emitter', 'right', () =>
      listening(new EventEmitter().setMaxListeners(0), (listener) => context.bind(listener)),
    ),
    inHandler('a listener put on a shared emitter at start, for whoever emits', 'right', () => {
      const shared = new EventEmitter();
      shared.on('job', (answer: (found: Seen) => void) => answer(seen()));
      return () => new Promise<Seen>((resolve) => shared.emit('job', resolve));
    }),
    inHandler('a listener on a shared AbortSignal', "another's", () => aborting((listener) => listener), {
      fix: 'a bound listener on a shared AbortSignal',
    }),
    inHandler('a bound listener on a shared AbortSignal', 'right', () =>
      aborting((listener) => context.bind(listener)),
    ),
    inHandler(
      'events of a shared Transform',
      "another's",
      () => {
        const waiting = new Waiting();
        const shared = transformOfAll(waiting);
        return () => waiting.ask((id) => shared.write(id));
      },
      { fix: 'a Transform for each request' },
    ),
    inHandler('a Transform for each request', 'right', () => () => {
      const waiting = new Waiting();
      return waiting.ask((id) => transformOfAll(waiting).end(id));
    }),
    inHandler(
      'messages of a worker thread made in a request',
      "another's",
      (start) => {
        const waiting = new Waiting();
        const worker = lazily(() => new Worker(echo, { eval: true }).on('message', (id) => waiting.answer(id)));
        start.later(() => worker().terminate());
        return () => waiting.ask((id) => worker().postMessage(id));
      },
      { fix: 'messages of a worker thread, handed to bound callbacks' },
    ),
    inHandler(
      'messages of a worker thread made at start',
      'none',
      (start) => {
        const waiting = new Waiting();
        const worker = new Worker(echo, { eval: true }).on('message', (id) => waiting.answer(id));
        start.later(() => worker.terminate());
        return () => waiting.ask((id) => worker.postMessage(id));
      },
      { fix: 'messages of a worker thread, handed to bound callbacks' },
    ),
    inHandler('messages of a worker thread, handed to bound callbacks', 'right', (start) => {
      const callbacks = new Map<number, () => void>();
      const worker = new Worker(echo, { eval: true }).on('message', (id: number) => callbacks.get(id)?.());
      start.later(() => worker.terminate());
      return () =>
        new Promise<Seen>((resolve) => {
          const id = callbacks.size;
          callbacks.set(
            id,
            context.bind(() => resolve(seen())),
          );
          worker.postMessage(id);
        });
    }),
    inHandler(
      '`setInterval` in a request, for everybody’s work',
      "another's",
      (start) => {
        const waiting: (() => void)[] = [];
        const timer = lazily(() => setInterval(() => runAll(waiting.splice(0)), 1));
        start.later(() => clearInterval(timer()));
        return () => {
          timer();
          return new Promise<Seen>((resolve) => waiting.push(() => resolve(seen())));
        };
      },
      { fix: '`setInterval` for everybody’s work, which is bound' },
    ),
    inHandler('`setInterval` for everybody’s work, which is bound', 'right', (start) => {
      const waiting: (() => void)[] = [];
      const timer = setInterval(() => runAll(waiting.splice(0)), 1);
      start.later(() => clearInterval(timer));
      return () => new Promise<Seen>((resolve) => waiting.push(context.bind(() => resolve(seen()))));
    }),
  ],
};

/** Two requests listen for what a third one emits. */
function listening(shared: EventEmitter, how: (listener: () => void) => () => void) {
  return () =>
    new Promise<Seen>((resolve) => {
      shared.once(
        'change',
        how(() => resolve(seen())),
      );
      if (shared.listenerCount('change') === 3) shared.emit('change');
      else setTimeout(() => shared.emit('change'), 30);
    });
}

function aborting(how: (listener: () => void) => () => void) {
  let shared = new AbortController();
  return () =>
    new Promise<Seen>((resolve) => {
      shared.signal.addEventListener(
        'abort',
        how(() => resolve(seen())),
      );
      // Whoever comes first ends it for all.
      setTimeout(() => {
        shared.abort();
        shared = new AbortController();
      }, 15);
    });
}

function runAll(work: readonly (() => void)[]): void {
  for (const each of work) each();
}
