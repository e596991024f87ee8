import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Inject, Injectable, Param, Post, Sse } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { TenantContext } from '@tenancy/core';
import { catchError, filter, firstValueFrom, map, type Observable, of, Subject, timeout } from 'rxjs';
import type { WebSocket } from 'ws';
import type { ExampleCall, RequestExample } from '../../../src/proof/target/example.js';
import { instead, type Scene, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';
import { talk } from '../talk.js';
import { TenantWsAdapter } from '../tenant-ws-adapter.js';

interface Published {
  readonly tenantId: string;
  readonly title: string;
}

/** Events of jobs, told to whoever listens. */
@Injectable()
class News extends Tables {
  protected readonly published = new Subject<Published>();

  async publish(id: string): Promise<Row> {
    const job = await this.find(id);
    this.published.next({ tenantId: this.tenantId, title: job['title'] });
    return job;
  }

  find(id: string): Promise<Row> {
    return this.one('select id, title from job where id = $1 and tenant_id = $2', id, this.tenantId);
  }

  stream(): Observable<Published> {
    const { tenantId } = this;
    return this.published.pipe(filter((news) => news.tenantId === tenantId));
  }

  next(): Observable<Published> {
    return this.stream();
  }

  watched(): Observable<Published> {
    return this.stream();
  }

  read(id: string): Promise<Row> {
    return this.find(id);
  }
}

@Injectable()
class Quota {
  readonly #used = new Map<string, number>();

  constructor(@Inject(TenantContext) protected readonly tenants: TenantContext) {}

  use(): { tenant: string; left: number } {
    const key = this.key();
    this.#used.set(key, (this.#used.get(key) ?? 0) + 1);
    return { tenant: this.tenants.current().slug, left: 10_000 - (this.#used.get(key) ?? 0) };
  }

  protected key(): string {
    return this.tenants.tenantId;
  }
}

@Controller()
class NewsController {
  constructor(
    @Inject(News) private readonly news: News,
    @Inject(Quota) private readonly quota: Quota,
  ) {}

  @Post('jobs/:id/publish')
  publish(@Param('id') id: string) {
    return this.news.publish(id);
  }

  @Sse('jobs/stream')
  stream() {
    return this.news.stream().pipe(map((data) => ({ data })));
  }

  /** A long poll. */
  @Get('jobs/next')
  next() {
    const none = () => of(null);
    return firstValueFrom(this.news.next().pipe(timeout(80), catchError(none)));
  }

  @Get('quota')
  left() {
    return this.quota.use();
  }
}

@WebSocketGateway()
class NewsGateway {
  constructor(@Inject(News) private readonly news: News) {}

  @SubscribeMessage('watch')
  watch(@ConnectedSocket() socket: WebSocket) {
    const watching = this.news.watched().subscribe(({ title }) => {
      socket.send(JSON.stringify({ event: 'published', data: { title } }));
    });
    socket.once('close', () => watching.unsubscribe());
    return { event: 'watching', data: null };
  }

  @SubscribeMessage('read')
  async read(@MessageBody() { id }: { id: string }) {
    return { event: 'job', data: await this.news.read(id) };
  }
}

const idOf = (row: unknown) => (row as { id: string }).id;

/** The tenant publishes a job of its own while it listens. */
const publishing: RequestExample = ({ job }) => ({
  meanwhile: async (client) => {
    await sleep(25);
    await client.post(`/jobs/${idOf(job)}/publish`);
  },
});

const watching: ExampleCall = {
  call: ({ job }, caller) =>
    talk(caller, { event: 'watch', data: null }, () => caller.client.post(`/jobs/${idOf(job)}/publish`)),
};

const reading: ExampleCall = {
  call: ({ job }, caller) => talk(caller, { event: 'read', data: { id: idOf(job) } }),
};

export const streams: Twins = {
  about: 'Streams, sockets and what is counted',
  correct: {
    controllers: [NewsController],
    providers: [News, Quota, NewsGateway],
    configure: (app) => void app.useWebSocketAdapter(new TenantWsAdapter(app)),
  },
  examples: {
    'GET /jobs/stream': publishing,
    'GET /jobs/next': publishing,
    'websocket NewsGateway.watch': watching,
    'websocket NewsGateway.read': reading,
  },
  leaks: [
    {
      name: 'an SSE stream of what everybody does',
      entrance: 'GET /jobs/stream',
      caughtBy: ['interleaved'],
      leaky: instead(
        News,
        class extends News {
          override stream() {
            return this.published;
          }
        },
      ),
      byHand: (scene) => whileGlobexPublishes(scene, () => scene.acme.get('/jobs/stream')),
    },
    {
      name: 'a long poll that is answered by whoever comes first',
      entrance: 'GET /jobs/next',
      caughtBy: ['interleaved'],
      leaky: instead(
        News,
        class extends News {
          override next() {
            return this.published;
          }
        },
      ),
      byHand: (scene) => whileGlobexPublishes(scene, () => scene.acme.get('/jobs/next')),
    },
    {
      name: 'an event that is sent to all sockets',
      entrance: 'websocket NewsGateway.watch',
      caughtBy: ['interleaved'],
      leaky: instead(
        News,
        class extends News {
          override watched() {
            return this.published;
          }
        },
      ),
      byHand: async (scene) =>
        scene.shows(
          await talk(acmeOf(scene), { event: 'watch', data: null }, () =>
            scene.globex.post(`/jobs/${scene.theirs.job.id}/publish`),
          ),
        ),
    },
    {
      name: 'an id in a message of a socket, looked up without the tenant',
      entrance: 'websocket NewsGateway.read',
      caughtBy: ['foreign-id'],
      leaky: instead(
        News,
        class extends News {
          override read(id: string) {
            return this.one('select id, title from job where id = $1', id);
          }
        },
      ),
      byHand: async (scene) =>
        scene.shows(
          await talk(acmeOf(scene), { event: 'read', data: { id: scene.theirs.job.id } }).catch(() => 'refused'),
        ),
    },
    {
      name: 'a quota that all tenants use up',
      entrance: 'GET /quota',
      caughtBy: ['interference'],
      leaky: instead(
        Quota,
        class extends Quota {
          protected override key() {
            return 'everybody';
          }
        },
      ),
      byHand: async ({ acme, globex }) => {
        const left = async () => ((await acme.get('/quota')).body as { left: number }).left;
        const first = await left();
        await globex.get('/quota');
        return (await left()) !== first - 1;
      },
    },
  ],
};

function acmeOf({ harness, acme }: Scene) {
  const { host = null, ...headers } = acme.headers;
  return { url: harness.url, identity: { host, headers } };
}

async function whileGlobexPublishes(
  { globex, theirs, shows }: Scene,
  listen: () => Promise<unknown>,
): Promise<boolean> {
  const listening = listen();
  await sleep(25);
  await globex.post(`/jobs/${theirs.job.id}/publish`);
  return shows(await listening);
}
