import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { HttpModule, HttpService } from '@nestjs/axios';
import { firstValueFrom } from 'rxjs';
import { type Dispatcher, Pool } from 'undici';
import { context, inHandler, type Row, type Seen, type Start, type Subject, seen, type Verdict } from '../row.js';

/** Somebody else's service, with one connection to it that everybody shares. */
async function service({ later }: Start): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    setTimeout(() => response.end('ok'), 2);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later(() => server.closeAllConnections());
  later(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const through = (
  what: string,
  verdict: Verdict,
  call: (pool: Pool) => Promise<Seen>,
  extra: Pick<Row, 'fix'> = {},
): Row =>
  inHandler(
    what,
    verdict,
    async (start) => {
      const pool = new Pool(await service(start), { connections: 1 });
      start.later(() => pool.destroy());
      return () => call(pool);
    },
    extra,
  );

const once = { path: '/', method: 'GET' } as const;

const handler = (ended: () => void): Dispatcher.DispatchHandler => ({
  onRequestStart() {},
  onResponseStart() {},
  onResponseData() {},
  onResponseEnd: ended,
  onResponseError() {},
});

function writable(written: () => void): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => {
      written();
      done();
    },
  });
}

export const clients: Subject = {
  about: 'HTTP clients',
  rows: [
    inHandler('`fetch`, and reading its body', 'right', async (start) => {
      const url = await service(start);
      return async () => {
        await (await fetch(url)).text();
        return seen();
      };
    }),
    inHandler('`fetch`: `for await` over its body', 'right', async (start) => {
      const url = await service(start);
      return async () => {
        for await (const _ of (await fetch(url)).body ?? []) return seen();
        return undefined;
      };
    }),
    through('undici: `await request(…)` and reading its body', 'right', async (pool) => {
      await (await pool.request(once)).body.text();
      return seen();
    }),
    through('undici: events of the body of `request`', 'right', async (pool) => {
      const { body } = await pool.request(once);
      return new Promise((resolve) => body.resume().on('end', () => resolve(seen())));
    }),
    through(
      'undici: the callback of `request`',
      'right',
      (pool) =>
        new Promise((resolve, reject) =>
          pool.request(once, (error, answer) => {
            if (error) return reject(error);
            answer.body.resume();
            return resolve(seen());
          }),
        ),
    ),
    through(
      'undici: callbacks of `dispatch`',
      "another's",
      (pool) =>
        new Promise((resolve) =>
          pool.dispatch(
            once,
            handler(() => resolve(seen())),
          ),
        ),
      { fix: 'undici: bound callbacks of `dispatch`' },
    ),
    through(
      'undici: bound callbacks of `dispatch`',
      'right',
      (pool) => new Promise((resolve) => pool.dispatch(once, handler(context.bind(() => resolve(seen()))))),
    ),
    through(
      'undici: the factory of `stream`',
      'right',
      (pool) =>
        new Promise((resolve, reject) => {
          const factory = () => {
            resolve(seen());
            return new PassThrough().resume();
          };
          pool.stream(once, factory).catch(reject);
        }),
    ),
    through(
      'undici: writes into the stream of `stream`',
      "another's",
      (pool) =>
        new Promise((resolve, reject) => {
          pool.stream(once, () => writable(() => resolve(seen()))).catch(reject);
        }),
      { fix: 'undici: bound writes into the stream of `stream`' },
    ),
    through(
      'undici: bound writes into the stream of `stream`',
      'right',
      (pool) =>
        new Promise((resolve, reject) => {
          const written = context.bind(() => resolve(seen()));
          pool.stream(once, () => writable(written)).catch(reject);
        }),
    ),
    through(
      'undici: the handler of `pipeline`',
      'right',
      (pool) =>
        new Promise((resolve, reject) => {
          pool
            .pipeline(once, ({ body }) => {
              resolve(seen());
              return body;
            })
            .on('error', reject)
            .end()
            .resume();
        }),
    ),
    inHandler('`http.get` over a kept-alive Agent', 'right', async (start) => {
      const url = await service(start);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      start.later(() => agent.destroy());
      return () =>
        new Promise<Seen>((resolve, reject) =>
          get(url, { agent }, (response) => response.resume().on('end', () => resolve(seen()))).on('error', reject),
        );
    }),
    inHandler(
      '`HttpService` of `@nestjs/axios`',
      'right',
      async (start) => {
        const url = await service(start);
        const http = start.app.get(HttpService);
        return () => new Promise<Seen>((resolve) => http.get(url).subscribe(() => resolve(seen())));
      },
      { modules: { imports: [HttpModule.register({ httpAgent: new Agent({ keepAlive: true, maxSockets: 1 }) })] } },
    ),
    inHandler(
      '`await firstValueFrom(…)` of `HttpService`',
      'right',
      async (start) => {
        const url = await service(start);
        const http = start.app.get(HttpService);
        return async () => {
          await firstValueFrom(http.get(url));
          return seen();
        };
      },
      { modules: { imports: [HttpModule] } },
    ),
  ],
};
