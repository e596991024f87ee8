import { fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { watch, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { MessageChannel, Worker } from 'node:worker_threads';
import {
  context,
  inCompany,
  inHandler,
  lazily,
  type Row,
  type Seen,
  type Start,
  type Subject,
  seen,
  Waiting,
} from '../row.js';

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

type Answer = (id: number | string) => void;
/** Something that answers what it is sent, once it is made. */
type Echo = (start: Start, answer: Answer) => ((id: number) => unknown) | Promise<(id: number) => unknown>;

/** Objects made in a request, and those made at start, with the one fix for both. */
const madeOf = (name: string, echo: Echo): Row[] => {
  const fix = `${name} made at start, and bound callbacks by number`;
  return [
    inHandler(
      `${name} made in a request`,
      "another's",
      (start) => {
        const waiting = new Waiting();
        const made = lazily(async () => echo(start, (id) => waiting.answer(id)));
        return async () => {
          const send = await made();
          return waiting.ask(send);
        };
      },
      { fix },
    ),
    inHandler(
      `${name} made at start`,
      'none',
      async (start) => {
        const waiting = new Waiting();
        const send = await echo(start, (id) => waiting.answer(id));
        return () => waiting.ask(send);
      },
      { fix },
    ),
    inHandler(fix, 'right', async (start) => {
      const callbacks = new Map<number, () => void>();
      const send = await echo(start, (id) => callbacks.get(Number(id))?.());
      return () =>
        new Promise<Seen>((resolve) => {
          const id = callbacks.size + 1;
          callbacks.set(
            id,
            context.bind(() => resolve(seen())),
          );
          send(id);
        });
    }),
  ];
};

export const longLived: Subject = {
  about: 'What lives longer than a request in Node.js',
  rows: [
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
        return inCompany(() => waiting.ask((id) => shared.write(id)));
      },
      { fix: 'a Transform for each request' },
    ),
    inHandler('a Transform for each request', 'right', () => () => {
      const waiting = new Waiting();
      return waiting.ask((id) => transformOfAll(waiting).end(id));
    }),
    inHandler(
      "`setInterval` in a request, for everybody's work",
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
      { fix: "`setInterval` for everybody's work, which is bound" },
    ),
    inHandler("`setInterval` for everybody's work, which is bound", 'right', (start) => {
      const waiting: (() => void)[] = [];
      const timer = setInterval(() => runAll(waiting.splice(0)), 1);
      start.later(() => clearInterval(timer));
      return () => new Promise<Seen>((resolve) => waiting.push(context.bind(() => resolve(seen()))));
    }),
    ...madeOf('a worker thread', worker),
    ...madeOf('a socket', socket),
    ...madeOf('a child process that sends messages', child),
    ...madeOf('a MessagePort', port),
    ...madeOf('`fs.watch`', watcher),
    inHandler('a promise that another request resolves: what awaits it, and its `then`', 'right', () => {
      let resolvers: (() => void)[] = [];
      return async () => {
        const resolved = new Promise<void>((resolve) => resolvers.push(resolve));
        setTimeout(() => {
          for (const resolve of resolvers) resolve();
          resolvers = [];
        }, 10);
        const [inThen] = await Promise.all([resolved.then(seen), resolved]);
        return inThen === seen() ? inThen : 'different ones';
      };
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
      }, 30);
    });
}

function runAll(work: readonly (() => void)[]): void {
  for (const each of work) each();
}

function worker({ later }: Start, answer: Answer) {
  const made = new Worker(echo, { eval: true }).on('message', answer);
  later(() => made.terminate());
  return (id: number) => made.postMessage(id);
}

async function socket({ later }: Start, answer: Answer) {
  const server = createServer((other: Socket) => other.pipe(other)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  later(() => server.close());
  const made = connect((server.address() as AddressInfo).port, '127.0.0.1');
  later(() => made.destroy());
  made.on('data', (ids) => {
    for (const id of ids.toString().trim().split(' ')) answer(id);
  });
  return (id: number) => made.write(`${id} `);
}

function child({ later }: Start, answer: Answer) {
  const made = fork('--eval', ["process.on('message', (id) => process.send(id))"], { execArgv: [] });
  later(() => made.kill());
  made.on('message', (id) => answer(id as number));
  return (id: number) => made.send(id);
}

function port({ later }: Start, answer: Answer) {
  const { port1, port2 } = new MessageChannel();
  later(() => port1.close());
  port2.on('message', (id: number) => answer(id));
  return (id: number) => port1.postMessage(id);
}

async function watcher({ later }: Start, answer: Answer) {
  const folder = await mkdtemp(join(tmpdir(), 'census-'));
  later(() => rm(folder, { recursive: true }));
  const made = watch(folder, (_, name) => answer(name ?? ''));
  later(() => made.close());
  return (id: number) => writeFileSync(join(folder, String(id)), '');
}
