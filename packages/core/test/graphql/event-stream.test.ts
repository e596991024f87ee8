import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Query, Resolver, Subscription } from '@nestjs/graphql';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Untenanted } from '../../src/index.js';
import { acme, globex } from '../server.js';
import { CLOSED, context, drivers, type Feed, feed, listeningTo, pubSub, seen, steps, tokenOf } from './application.js';

vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});

@Resolver()
class NewsResolver {
  @Query(() => String)
  nothing() {
    return 'x';
  }

  @Untenanted()
  @Subscription(() => String, { resolve: (value: string) => `${value} for ${seen()}` })
  news() {
    return pubSub.shared('news').asyncIterableIterator('said');
  }

  @Subscription(() => String, { resolve: (value: string) => value })
  own() {
    return pubSub.asyncIterableIterator('own');
  }
}

interface Stream {
  readonly status: number;
  readonly events: unknown[];
  text: string;
  isOver: boolean;
  close(): void;
}

let server: Feed;
const streams: Stream[] = [];

function open(at: string, query: string, headers: Record<string, string> = {}, method = 'POST'): Promise<Stream> {
  const body = method === 'POST' ? JSON.stringify({ query }) : '';
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        ...{ host: '127.0.0.1', port: server.port, path: '/graphql/stream', method },
        headers: {
          ...{ host: at, accept: 'text/event-stream', ...(body && { 'content-type': 'application/json' }) },
          ...headers,
        },
      },
      (response: IncomingMessage) => {
        const stream: Stream = {
          status: response.statusCode ?? 0,
          events: [],
          text: '',
          isOver: false,
          close: () => sent.destroy(),
        };
        streams.push(stream);
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          stream.text += chunk;
          stream.events.length = 0;
          for (const [, data] of stream.text.matchAll(/event: next\ndata: (.+)\n\n/g))
            stream.events.push(JSON.parse(data as string));
        });
        response.on('error', () => {});
        response.on('close', () => {
          stream.isOver = true;
        });
        resolve(stream);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const until = async (is: () => boolean) => {
  while (!is()) await sleep(3);
};

describe.each(Object.keys(drivers) as (keyof typeof drivers)[])(
  'subscriptions over server-sent events beside %s',
  (driver) => {
    afterEach(async () => {
      for (const stream of streams.splice(0)) stream.close();
      await listeningTo(0);
      await server.close();
      steps.length = 0;
    });
    const start = async (given: Parameters<typeof feed>[1] = {}) => {
      server = await feed(driver, { ...given, module: { eventStream: '/graphql/stream' } });
    };
    const publish = (by: typeof acme, id: string) => context.run(by, () => pubSub.publish('closed', { id, by: by.id }));
    const event = (by: typeof acme, id: string) => ({
      data: { closed: { id, by: by.id, row: `a row of ${by.slug} (${id})` } },
    });

    it('S6: interleaved, each tenant gets its own events of one topic, in its own context, and no other', async () => {
      await start();
      const tenants = Array.from({ length: 6 }, (_, i) => (i % 2 ? acme : globex));
      const opened = await Promise.all(tenants.map(({ slug }) => open(`${slug}.localhost`, CLOSED)));
      await listeningTo(6);
      for (const n of [0, 1]) await Promise.all([publish(acme, `${n}`), publish(globex, `${n}`)]);
      for (const [i, stream] of opened.entries()) {
        const own = tenants[i] as typeof acme;
        await until(() => stream.events.length === 2);
        expect(stream.events).toEqual([event(own, '0'), event(own, '1')]);
      }
      expect(steps.filter(({ as, of }) => as !== of)).toEqual([]);
      opened[0]?.close();
      await listeningTo(5);
    });

    it.each([
      ['tenant_required', 401, 'localhost', {}],
      ['tenant_required', 401, 'localhost', { authorization: `Bearer ${tokenOf('t_acme', 600, 'x'.repeat(40))}` }],
      ['tenant_mismatch', 401, 'globex.localhost', { authorization: `Bearer ${tokenOf('t_acme')}` }],
      ['tenant_inactive', 403, 'closed.localhost', {}],
    ])('S6: %s is answered with %i, and nothing runs', async (code, status, at, headers) => {
      await start();
      const stream = await open(at, CLOSED, headers as Record<string, string>);
      await until(() => stream.isOver);
      expect([stream.status, JSON.parse(stream.text)]).toMatchObject([status, { message: code }]);
      expect(steps).toEqual([]);
    });

    it("S6: a stream ends with the tenant, and with its token, and nobody else's does", async () => {
      await start();
      const [a, short, g] = (await Promise.all([
        open('acme.localhost', CLOSED),
        open('globex.localhost', CLOSED, { authorization: `Bearer ${tokenOf('t_globex', 2)}` }),
        open('globex.localhost', CLOSED),
      ])) as [Stream, Stream, Stream];
      await listeningTo(3);
      server.registry.suspended.add('t_acme');
      await until(() => a.isOver);
      await until(() => short.isOver);
      await listeningTo(1);
      await publish(globex, 'g');
      await until(() => g.events.length === 1);
      expect([a.events, short.events, g.events]).toEqual([[], [], [event(globex, 'g')]]);
    });

    it('S6: no stream is opened that others could send to, or read from', async () => {
      await start();
      const stream = await open('acme.localhost', '', { accept: '*/*' }, 'PUT');
      expect(stream.status).toBe(404);
    });

    it('S6: where a subscription is untenanted, who has no tenant gets that alone', async () => {
      await start({ providers: [NewsResolver] });
      const stream = await open('localhost', 'subscription { news }');
      await listeningTo(1);
      await context.run(acme, () => pubSub.shared('news').publish('said', 'x'));
      await until(() => stream.events.length === 1);
      expect(stream.events).toEqual([{ data: { news: 'x for none' } }]);
      const refused = await open('localhost', 'subscription { own }');
      await until(() => refused.isOver);
      expect(refused.text).toContain('"code":"tenant_required"');
    });
  },
);
