import { EventEmitter, once } from 'node:events';
import { finished, PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { context, overHttp, type Row, type Subject, type Verdict, Waiting } from '../row.js';
import { type Exchange, handle } from './handle.js';

/** A client that goes away while its request is worked on. The handler is told `answer`, which each listener calls. */
const aborted = (
  what: string,
  verdict: Verdict,
  listen: (exchange: Exchange, answer: () => void) => unknown,
  { midway = false, ...extra }: Pick<Row, 'fix'> & { midway?: boolean } = {},
): Row =>
  overHttp(
    what,
    verdict,
    (adapter) => {
      const waiting = new Waiting();
      const reached = new EventEmitter();
      const controller = handle(async (exchange) => {
        const { id } = exchange;
        await listen(exchange, () => waiting.answer(id));
        reached.emit(`request ${id}`);
        await once(exchange.request.socket, 'close');
        return 'too late';
      });
      return {
        metadata: { controllers: [controller] },
        prepare: (app) => {
          if (adapter === 'express') return;
          const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
          fastify.addContentTypeParser('text/unfinished', (_request, _payload, done) => done(null));
        },
        ask: (client) =>
          waiting.ask(async (id) => {
            const there = once(reached, `request ${id}`);
            const request = client.start(`/row?id=${id}`, {
              ...(midway && { body: new PassThrough().end('half').pipe(new PassThrough({}), { end: false }) }),
              headers: midway ? { 'content-type': 'text/unfinished', 'content-length': '100' } : {},
            });
            request.on('error', () => {});
            await there;
            request.destroy();
          }),
      };
    },
    extra,
  );

const fix = '`close` of the connection: a bound listener';

export const aborts: Subject = {
  about: 'Clients that go away',
  rows: [
    aborted('`close` of the response', 'right', ({ response }, answer) => response.on('close', answer)),
    aborted('`close` of the request', 'right', ({ request }, answer) => request.on('close', answer)),
    aborted('`aborted` of the request', 'right', ({ request }, answer) => request.on('aborted', answer), {
      midway: true,
    }),
    aborted('`error` of the request', 'right', ({ request }, answer) => request.on('error', answer), {
      midway: true,
    }),
    aborted('`finished(response, …)`', 'right', ({ response }, answer) => finished(response, answer)),
    aborted('what awaits a `pipeline` into the response', 'right', ({ response }, answer) => {
      void pipeline(new PassThrough(), response).catch(answer);
    }),
    aborted('work that goes on', 'right', (_, answer) => void sleep(10).then(answer)),
    aborted('`close` of the connection', 'none', ({ request }, answer) => request.socket.on('close', answer), { fix }),
    aborted(fix, 'right', ({ request }, answer) => request.socket.on('close', context.bind(answer))),
  ],
};
