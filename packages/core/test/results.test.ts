import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CallHandler,
  Controller,
  Get,
  Inject,
  type NestInterceptor,
  Param,
  Sse,
  SseSignal,
  UseInterceptors,
} from '@nestjs/common';
import {
  concatMap,
  finalize,
  map,
  mergeMap,
  NEVER,
  Observable,
  type OperatorFunction,
  of,
  Subject,
  startWith,
  take,
} from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TenantAdmin } from '../src/admin.js';
import { fromSubdomain, TenancyModule, TenantContext, Untenanted } from '../src/index.js';
import { acme, adapters, call, globex, type Server, serve, testRegistry } from './server.js';

const context = new TenantContext();
const seen = () => (context.isActive() ? context.tenantId : 'none');

/** News for everybody, told by whoever has some. */
const news = new Subject<string>();
const ended = new Map<string, string[]>();
const end = (id: string, what: string) => () => void ended.get(id)?.push(`${what} ${context.tenantId}`);

class TellingInterceptor implements NestInterceptor {
  intercept(_: unknown, next: CallHandler) {
    return next.handle().pipe(
      mergeMap(async (value: string) => `${value} ${seen()}`),
      map((value) => `${value} ${seen()}`),
    );
  }
}

class PassingInterceptor implements NestInterceptor {
  intercept(_: unknown, next: CallHandler) {
    return next.handle();
  }
}

const ways: Readonly<Record<string, OperatorFunction<string, string>>> = {
  'behind it': map(seen),
  'several behind it': (source) =>
    source.pipe(
      map(seen),
      concatMap(async (id) => (id === seen() ? id : 'another')),
    ),
  'behind another one': (source) =>
    source.pipe(
      mergeMap(() => news.pipe(take(1))),
      map(seen),
    ),
};

@Controller()
class NewsController {
  constructor(@Inject(TenantAdmin) private readonly admin: TenantAdmin) {}

  @Get('way/:way')
  way(@Param('way') way: string) {
    return news.pipe(ways[way] ?? map(() => 'unknown'), take(1));
  }

  @Get('promised')
  async promised() {
    await sleep(1);
    return news.pipe(map(seen), take(1));
  }

  @Get('intercepted')
  @UseInterceptors(TellingInterceptor)
  intercepted() {
    return news.pipe(take(1));
  }

  @Sse('sse')
  sse() {
    return news.pipe(
      map(() => ({ data: seen() })),
      take(3),
    );
  }

  @Sse('left/:id')
  left(@Param('id') id: string, @SseSignal() signal: AbortSignal) {
    signal.addEventListener('abort', end(id, 'signal'));
    return NEVER.pipe(startWith({ data: seen() }), finalize(end(id, 'finalize')));
  }

  @Sse('left-intercepted/:id')
  @UseInterceptors(PassingInterceptor)
  leftIntercepted(@Param('id') id: string, @SseSignal() signal: AbortSignal) {
    signal.addEventListener('abort', end(id, 'signal'));
    return new Observable((subscriber) => {
      subscriber.next({ data: seen() });
      return end(id, 'finalize');
    });
  }

  /** Nest 12 streams what is iterated asynchronously. */
  @Get('left-iterated/:id')
  async *leftIterated(@Param('id') id: string) {
    try {
      while (true) yield await sleep(1, seen());
    } finally {
      end(id, 'finalize')();
      end(id, 'signal')();
    }
  }

  /** As the other tenant, which it has switched to by itself. */
  @Get('switched')
  async switched() {
    const other = context.tenantId === acme.id ? globex : acme;
    const theirs = await this.admin.runAs(other.id, { reason: 'a look' }, () =>
      news.pipe(
        map(seen),
        map((id) => `${id} ${seen()}`),
      ),
    );
    return theirs.pipe(
      map((ids) => `${ids} ${seen()}`),
      take(1),
    );
  }

  @Untenanted()
  @Get('untenanted')
  untenanted() {
    return of(1).pipe(map(seen));
  }
}

describe.each(adapters)('core-1: on %s, what a handler returns runs as its own request', (adapter) => {
  let server: Server;
  beforeAll(async () => {
    server = await serve(adapter, {
      controllers: [NewsController],
      imports: [
        TenancyModule.forRoot({
          registry: testRegistry(),
          sources: [fromSubdomain({ baseDomain: 'localhost' })],
          audit: () => {},
        }),
      ],
    });
  });
  afterAll(() => server.close());

  const tenants = [acme, globex];
  const owners = Array.from({ length: 26 }, (_, i) => tenants[i % 2]?.id);

  /** 26 requests of two tenants wait for the same news; a third party has some until all of them are answered. */
  const ask = async (path: string) => {
    const answers = Promise.all(owners.map((_, i) => call(server, `${tenants[i % 2]?.slug}.localhost`, path)));
    let all = false;
    void answers.finally(() => {
      all = true;
    });
    while (!all) {
      await sleep(2);
      if (news.observers.length > 0) context.run({ id: 't_initech', slug: 'initech' }, () => news.next('news'));
    }
    return answers;
  };

  it.each(Object.keys(ways))('an operator %s: a Subject that everybody shares', async (way) => {
    const answers = await ask(`/way/${encodeURIComponent(way)}`);
    expect(answers.map(({ text }) => text)).toEqual(owners);
  });

  it('and keeps to the tenant that it has switched to, where it has', async () => {
    const others = owners.map((id) => (id === acme.id ? globex.id : acme.id));
    expect((await ask('/switched')).map(({ text }) => text)).toEqual(
      owners.map((id, i) => `${others[i]} ${others[i]} ${id}`),
    );
  });

  it('a promise of it', async () => {
    expect((await ask('/promised')).map(({ text }) => text)).toEqual(owners);
  });

  it("an interceptor's operators", async () => {
    expect((await ask('/intercepted')).map(({ text }) => text)).toEqual(owners.map((id) => `news ${id} ${id}`));
  });

  it('server-sent events', async () => {
    const answers = await ask('/sse');
    expect(answers.map(({ text }) => text.match(/t_\w+/g))).toEqual(owners.map((id) => [id, id, id]));
  });

  it.each(['left', 'left-intercepted', 'left-iterated'])(
    'what ends it when its client goes away (%s)',
    async (path) => {
      await Promise.all(
        owners.map(async (owner, i) => {
          const id = `${path} ${i}`;
          ended.set(id, []);
          const socket = connect(server.port, '127.0.0.1');
          socket.write(
            `GET /${path}/${encodeURIComponent(id)} HTTP/1.1\r\nHost: ${tenants[i % 2]?.slug}.localhost\r\n\r\n`,
          );
          let text = '';
          while (!text.includes(String(owner))) text += String((await once(socket, 'data'))[0]);
          socket.destroy();
          while ((ended.get(id) ?? []).length < 2) await sleep(1);
          expect(ended.get(id)?.sort()).toEqual([`finalize ${owner}`, `signal ${owner}`]);
        }),
      );
    },
  );

  it('and as nobody where there is no tenant', async () => {
    expect((await call(server, 'acme.localhost', '/untenanted')).text).toBe('none');
  });
});
