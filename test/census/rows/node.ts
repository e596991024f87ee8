import { execFile, spawn } from 'node:child_process';
import { pbkdf2, randomBytes } from 'node:crypto';
import { lookup } from 'node:dns';
import { EventEmitter, on, once } from 'node:events';
import { createReadStream, readFile } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip, gzip } from 'node:zlib';
import { inHandler, type Seen, type Subject, seen } from '../row.js';

/** A function of Node's with a callback, called in the request. */
const callback = (what: string, call: (back: () => void) => unknown) =>
  inHandler(what, 'right', () => () => new Promise<Seen>((resolve) => call(() => resolve(seen()))));

export const node: Subject = {
  about: 'Node.js',
  rows: [
    callback('`setTimeout`', (back) => setTimeout(back, 1)),
    callback('`setImmediate`', (back) => setImmediate(back)),
    callback('`process.nextTick`', (back) => process.nextTick(back)),
    callback('`queueMicrotask`', (back) => queueMicrotask(back)),
    callback("a promise's `then`", (back) => sleep(1).then(back)),
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
    inHandler("a listener on an AbortSignal of the request's own", 'right', () => () => {
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
  ],
};
