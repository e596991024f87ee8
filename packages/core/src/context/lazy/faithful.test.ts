import { PassThrough, pipeline, Readable, Transform } from 'node:stream';
import { json, text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { StreamableFile } from '@nestjs/common';
import {
  BehaviorSubject,
  defer,
  finalize,
  isObservable,
  lastValueFrom,
  map,
  Observable,
  Subject,
  take,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { TenantContext } from '../tenant-context.js';

const acme = { id: 't_acme', slug: 'acme' };
const globex = { id: 't_globex', slug: 'globex' };
const context = new TenantContext();
const now = () => (context.isActive() ? context.tenantId : 'none');
const made = <T>(make: () => T): T => context.run(acme, make);
const elsewhere = <T>(read: () => T): T => context.run(globex, read);

describe('core-4: a lazy value stays what it was', () => {
  it('an Observable: operators, a subscriber that has enough, and a subscriber that leaves', async () => {
    const ends: string[] = [];
    const endless = made(() =>
      new Observable<string>((subscriber) => {
        while (!subscriber.closed) subscriber.next(now());
      }).pipe(finalize(() => ends.push(now()))),
    );
    expect([endless instanceof Observable, isObservable(endless)]).toEqual([true, true]);
    const read = endless.pipe(
      map((maker) => [maker, now()]),
      take(2),
      toArray(),
    );
    expect(await elsewhere(() => lastValueFrom(read))).toEqual([
      ['t_acme', 't_globex'],
      ['t_acme', 't_globex'],
    ]);
    const silent = made(() => new Observable(() => () => ends.push(now())));
    elsewhere(() => silent.subscribe().unsubscribe());
    expect(ends).toEqual(['t_acme', 't_acme']);
  });

  it('an Observable: errors and completion reach the reader as itself', async () => {
    const failing = made(() =>
      defer(() => {
        throw new Error(now());
      }),
    );
    const seen: string[] = [];
    elsewhere(() => failing.subscribe({ error: (error: Error) => seen.push(error.message, now()) }));
    const done = new Promise<void>((resolve) => {
      const late = made(() => defer(() => turn()));
      elsewhere(() => late.subscribe({ complete: () => resolve(void seen.push(now())) }));
    });
    await done;
    expect(seen).toEqual(['t_acme', 't_globex', 't_globex']);
  });

  it('a Subject: what is sent into it goes out of it', () => {
    const subject = new BehaviorSubject(1);
    const same = made(() => subject);
    const seen: number[] = [];
    same.subscribe((value) => seen.push(value));
    subject.next(2);
    same.next(3);
    expect([seen, same.value, same instanceof Subject]).toEqual([[1, 2, 3], 3, true]);
  });

  it("a stream of Node's: itself, read no faster than it is drained, closed as its maker", async () => {
    let reads = 0;
    const ran: string[] = [];
    const source = new Readable({
      highWaterMark: 1,
      read() {
        reads += 1;
        ran.push(now());
        this.push('x');
      },
      destroy(_, done) {
        ran.push(now());
        done(null);
      },
    });
    const stream = made(() => source);
    expect(stream).toBe(source);
    await elsewhere(async () => {
      for await (const _ of stream) {
        expect(now()).toBe('t_globex');
        if (reads > 4) break;
      }
    });
    expect([reads < 8, new Set(ran)]).toEqual([true, new Set(['t_acme'])]);
  });

  it('the last of several streams, through all of those before it', async () => {
    const rows = async function* () {
      for (let i = 0; i < 50; i += 1) {
        await turn();
        yield now();
      }
    };
    const upper = () =>
      new Transform({ objectMode: true, highWaterMark: 2, transform: (row, _, done) => done(null, `${row} ${now()}`) });
    const last = made(() => Readable.from(rows(), { highWaterMark: 2 }).pipe(upper()));
    const seen = new Set<string>();
    await elsewhere(async () => {
      for await (const row of last) seen.add(`${row} ${now()}`);
    });
    expect(seen).toEqual(new Set(['t_acme t_acme t_globex']));
  });

  it("a stream of Node's in a pipeline: what its reader does is the reader's", async () => {
    const source = made(() =>
      Readable.from(
        (async function* () {
          yield await turn('a');
          yield now();
        })(),
      ),
    );
    const sink = new PassThrough({ transform: (chunk, _, done) => done(null, `${chunk} ${now()},`) });
    elsewhere(() => pipeline(source, sink, () => {}));
    expect(await text(sink)).toBe('a t_globex,t_acme t_globex,');
  });

  it('a stream that everybody uses, and that flows already, is left alone', async () => {
    const ran: string[] = [];
    const shared = new PassThrough({ transform: (_, __, done) => done(null, void ran.push(now())) }).resume();
    expect(made(() => shared)).toBe(shared);
    elsewhere(() => shared.write('x'));
    await turn();
    expect(ran).toEqual(['t_globex']);
  });

  it('StreamableFile, and a web Response with its status and headers', async () => {
    const file = made(
      () =>
        new StreamableFile(
          Readable.from(
            (async function* () {
              yield await turn(now());
              yield now();
            })(),
          ),
          { type: 'text/csv' },
        ),
    );
    expect(file).toBeInstanceOf(StreamableFile);
    expect(await elsewhere(() => text(file.getStream()))).toBe('t_acmet_acme');
    const answer = made(
      () =>
        new Response(
          new ReadableStream(
            {
              async pull(controller) {
                controller.enqueue(new TextEncoder().encode(JSON.stringify(await turn(0).then(now))));
                controller.close();
              },
            },
            { highWaterMark: 0 },
          ),
          { status: 201, headers: { 'x-own': 'yes' } },
        ),
    );
    expect([answer instanceof Response, answer.status, answer.headers.get('x-own')]).toEqual([true, 201, 'yes']);
    expect(await elsewhere(() => json(answer.body as never))).toBe('t_acme');
  });

  it("a web stream of bytes, read into the reader's own buffer, and one that is cancelled", async () => {
    const ran: string[] = [];
    const bytes = () =>
      new ReadableStream({
        type: 'bytes',
        async pull(controller) {
          await turn();
          ran.push(now());
          controller.enqueue(new Uint8Array([1, 2]));
        },
        cancel: () => void ran.push(now()),
      });
    const reader = made(bytes).getReader({ mode: 'byob' });
    const { value } = await elsewhere(() => reader.read(new Uint8Array(1)));
    await elsewhere(() => reader.cancel());
    expect([value, new Set(ran)]).toEqual([new Uint8Array([1]), new Set(['t_acme'])]);
  });

  it('an iterator that its reader leaves ends as its maker', async () => {
    const ran: string[] = [];
    const pages = made(async function* () {
      try {
        while (true) yield now();
      } finally {
        await turn();
        ran.push(now());
      }
    });
    await elsewhere(async () => {
      for await (const page of pages) {
        ran.push(page, now());
        break;
      }
    });
    expect(ran).toEqual(['t_acme', 't_globex', 't_acme']);
  });

  it('a query builder within an array: more is asked of it before it begins', async () => {
    class Builder implements PromiseLike<string> {
      readonly #asked: string[] = [];
      where(what: string) {
        this.#asked.push(what);
        return this;
      }
      // biome-ignore lint/suspicious/noThenProperty: a query builder is a thenable.
      then<A, B>(
        resolve?: ((value: string) => A | PromiseLike<A>) | null,
        reject?: ((e: unknown) => B | PromiseLike<B>) | null,
      ) {
        return turn()
          .then(() => `${this.#asked} ${now()}`)
          .then(resolve, reject);
      }
    }
    const [builder] = made(() => [new Builder().where('a')] as const);
    expect(builder).toBeInstanceOf(Builder);
    expect(await elsewhere(async () => `${await builder.where('b')} ${now()}`)).toBe('a,b t_acme t_globex');
  });

  it('a promise, with what is kept on it', async () => {
    const child = Object.assign(turn(1), { child: { pid: 7 } });
    const promise = made(() => child);
    expect([promise.child.pid, promise instanceof Promise, await promise]).toEqual([7, true, 1]);
  });

  it('an array or object with something lazy in it is still that one', async () => {
    const list: unknown[] = [() => now(), 1];
    const same = made(() => list);
    list.push(2);
    same.push(3);
    expect([Array.isArray(same), same.length, list.length, JSON.stringify(same)]).toEqual([true, 4, 4, '[null,1,2,3]']);
  });
});
