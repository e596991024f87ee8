import { Inject, Injectable } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';
import type { Caller, ExampleCall } from '../../../src/index.js';
import { instead, type Scene, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';
import { type Message, talk } from '../talk.js';
import { TenantWsAdapter } from '../tenant-ws-adapter.js';

/** Lines that were said in the room of a job. */
@Injectable()
class History extends Tables {
  readonly #said = new Map<string, string[]>();

  async say(jobId: string, text: string): Promise<{ said: number }> {
    await this.check(jobId);
    const said = this.#said.get(jobId) ?? [];
    this.#said.set(jobId, [...said, text].slice(-20));
    return { said: said.length + 1 };
  }

  async read(jobId: string): Promise<{ lines: readonly string[] }> {
    await this.checkReader(jobId);
    return { lines: this.#said.get(jobId) ?? [] };
  }

  protected async checkReader(jobId: string): Promise<void> {
    await this.check(jobId);
  }

  private async check(jobId: string): Promise<void> {
    await this.one('select 1 from job where id = $1 and tenant_id = $2', jobId, this.tenantId);
  }
}

@Injectable()
class Quotes extends Tables {
  async quote(noteId: string, comment: string): Promise<{ text: string }> {
    const { body } = await this.note(noteId);
    return { text: `> ${body}\n${comment}` };
  }

  protected note(id: string): Promise<Row> {
    return this.one('select body from note where id = $1 and tenant_id = $2', id, this.tenantId);
  }
}

/** Somebody who types is shown to the others of the company. */
@Injectable()
class Typing extends Tables {
  protected readonly sockets = new Map<WebSocket, string>();

  enter(socket: WebSocket): { here: true } {
    this.sockets.set(socket, this.tenantId);
    socket.once('close', () => this.sockets.delete(socket));
    return { here: true };
  }

  type(text: string): { shown: true } {
    for (const socket of this.others()) socket.send(JSON.stringify({ event: 'typing', data: { text } }));
    return { shown: true };
  }

  protected others(): WebSocket[] {
    return [...this.sockets].flatMap(([socket, tenantId]) => (tenantId === this.tenantId ? [socket] : []));
  }
}

interface Session {
  readonly tenantId: string;
  readonly draft: string;
}

/** A draft outlives the connection, and is taken up again with the number of the session. */
@Injectable()
class Sessions extends Tables {
  readonly #sessions = new Map<string, Session[]>();

  save(draft: string): { session: number } {
    return { session: this.sessions().push({ tenantId: this.tenantId, draft }) };
  }

  resume(session: number): { draft: string } {
    return { draft: this.sessions()[session - 1]?.draft ?? '' };
  }

  protected sessions(): Session[] {
    const sessions = this.#sessions.get(this.tenantId) ?? [];
    this.#sessions.set(this.tenantId, sessions);
    return sessions;
  }
}

interface Topic {
  readonly pattern: RegExp;
  readonly socket: WebSocket;
}

/** Topics are words with dots between them, and `*` is any word: `job.*`. */
@Injectable()
class Topics extends Tables {
  readonly #topics = new Set<Topic>();

  subscribe(topic: string, socket: WebSocket): { topic: string } {
    const subscribed = { pattern: this.patternOf(topic), socket };
    this.#topics.add(subscribed);
    socket.once('close', () => this.#topics.delete(subscribed));
    return { topic };
  }

  async publish(jobId: string): Promise<{ published: true }> {
    const { title } = await this.one('select title from job where id = $1 and tenant_id = $2', jobId, this.tenantId);
    for (const { pattern, socket } of this.#topics) {
      if (!pattern.test(`${this.tenantId}.job.published`)) continue;
      socket.send(JSON.stringify({ event: 'published', data: { title } }));
    }
    return { published: true };
  }

  protected patternOf(topic: string): RegExp {
    return new RegExp(`^${this.tenantId}\\.${words(topic)}$`);
  }
}

@Injectable()
class Finder extends Tables {
  find(text: string, everywhere = false): Promise<Row[]> {
    return everywhere ? this.everywhere(text) : this.inTitles(text);
  }

  protected inTitles(text: string): Promise<Row[]> {
    return this.many(
      'select id, title as text from job where tenant_id = $1 and title like $2',
      this.tenantId,
      `%${text}%`,
    );
  }

  protected async everywhere(text: string): Promise<Row[]> {
    const letters = await this.many(
      'select id, letter as text from application where tenant_id = $1 and letter like $2',
      this.tenantId,
      `%${text}%`,
    );
    return [...(await this.inTitles(text)), ...letters];
  }
}

const words = (topic: string) =>
  topic
    .split('.')
    .map((word) => (word === '*' ? '[^.]+' : word.replace(/\W/g, '')))
    .join('\\.');

@WebSocketGateway()
class OfficeGateway {
  constructor(
    @Inject(History) private readonly history: History,
    @Inject(Quotes) private readonly quotes: Quotes,
    @Inject(Typing) private readonly typing: Typing,
    @Inject(Sessions) private readonly sessions: Sessions,
    @Inject(Topics) private readonly topics: Topics,
    @Inject(Finder) private readonly finder: Finder,
  ) {}

  @SubscribeMessage('say')
  async say(@MessageBody() { jobId, text }: { jobId: string; text: string }) {
    return { event: 'said', data: await this.history.say(jobId, text) };
  }

  @SubscribeMessage('history')
  async read(@MessageBody() { jobId }: { jobId: string }) {
    return { event: 'history', data: await this.history.read(jobId) };
  }

  @SubscribeMessage('quote')
  async quote(@MessageBody() { noteId, comment }: { noteId: string; comment: string }) {
    return { event: 'quoted', data: await this.quotes.quote(noteId, comment) };
  }

  @SubscribeMessage('enter')
  enter(@ConnectedSocket() socket: WebSocket) {
    return { event: 'entered', data: this.typing.enter(socket) };
  }

  @SubscribeMessage('type')
  type(@MessageBody() { text }: { text: string }) {
    return { event: 'typed', data: this.typing.type(text) };
  }

  @SubscribeMessage('save')
  save(@MessageBody() { draft }: { draft: string }) {
    return { event: 'saved', data: this.sessions.save(draft) };
  }

  @SubscribeMessage('resume')
  resume(@MessageBody() { session }: { session: number }) {
    return { event: 'resumed', data: this.sessions.resume(session) };
  }

  @SubscribeMessage('subscribe')
  subscribe(@MessageBody() { topic }: { topic: string }, @ConnectedSocket() socket: WebSocket) {
    return { event: 'subscribed', data: this.topics.subscribe(topic, socket) };
  }

  @SubscribeMessage('publish')
  async publish(@MessageBody() { jobId }: { jobId: string }) {
    return { event: 'sent', data: await this.topics.publish(jobId) };
  }

  @SubscribeMessage('find')
  async find(@MessageBody() { text, everywhere }: { text: string; everywhere?: boolean }) {
    return { event: 'found', data: await this.finder.find(text, everywhere) };
  }
}

/** One message with the caller's own rows, and what the caller does meanwhile. */
const saying = (message: (rows: Row) => Message, meanwhile?: (rows: Row) => Message): ExampleCall => ({
  call: (rows, caller: Caller) => talk(caller, message(rows), meanwhile && (() => talk(caller, meanwhile(rows)))),
});

async function talkers({ harness }: Scene) {
  const [acme, globex] = await Promise.all(
    harness.tenants.map(async (tenant) => ({ url: harness.url, identity: await harness.identityOf(tenant) })),
  );
  if (!acme || !globex) throw new Error('There are two tenants.');
  return {
    acme: (message: Message, meanwhile?: () => Promise<unknown>) => talk(acme, message, meanwhile).catch(() => []),
    globex: (message: Message) => talk(globex, message),
  };
}

export const sockets: Twins = {
  about: 'Messages over a socket',
  correct: {
    providers: [OfficeGateway, History, Quotes, Typing, Sessions, Topics, Finder],
    configure: (app) => {
      app.useWebSocketAdapter(new TenantWsAdapter(app));
    },
  },
  examples: {
    'websocket OfficeGateway.say': saying(({ job }) => ({ event: 'say', data: { jobId: job.id, text: job.title } })),
    'websocket OfficeGateway.read': saying(({ job }) => ({ event: 'history', data: { jobId: job.id } })),
    'websocket OfficeGateway.quote': saying(({ note }) => ({
      event: 'quote',
      data: { noteId: note.id, comment: 'So it is.' },
    })),
    'websocket OfficeGateway.enter': saying(
      () => ({ event: 'enter', data: null }),
      ({ job }) => ({ event: 'type', data: { text: job.title } }),
    ),
    'websocket OfficeGateway.type': saying(({ job }) => ({ event: 'type', data: { text: job.title } })),
    'websocket OfficeGateway.save': saying(({ job }) => ({ event: 'save', data: { draft: job.title } })),
    'websocket OfficeGateway.resume': saying(() => ({ event: 'resume', data: { session: 1 } })),
    'websocket OfficeGateway.subscribe': saying(
      () => ({ event: 'subscribe', data: { topic: 'job.*' } }),
      ({ job }) => ({ event: 'publish', data: { jobId: job.id } }),
    ),
    'websocket OfficeGateway.publish': saying(({ job }) => ({ event: 'publish', data: { jobId: job.id } })),
    'websocket OfficeGateway.find': saying(() => ({ event: 'find', data: { text: 'canary' } })),
  },
  leaks: [
    {
      name: 'the history of a room that one has no right to enter',
      entrance: 'websocket OfficeGateway.read',
      leaky: instead(
        History,
        class extends History {
          protected override async checkReader() {}
        },
      ),
      byHand: async (scene) => {
        const { acme, globex } = await talkers(scene);
        const { job } = scene.theirs;
        await globex({ event: 'say', data: { jobId: job.id, text: job.title } });
        return scene.shows(await acme({ event: 'history', data: { jobId: job.id } }));
      },
    },
    {
      name: 'a quote of a note of anybody',
      entrance: 'websocket OfficeGateway.quote',
      leaky: instead(
        Quotes,
        class extends Quotes {
          protected override note(id: string) {
            return this.one('select body from note where id = $1', id);
          }
        },
      ),
      byHand: async (scene) => {
        const { acme } = await talkers(scene);
        return scene.shows(await acme({ event: 'quote', data: { noteId: scene.theirs.note.id, comment: '' } }));
      },
    },
    {
      name: 'a broadcast to all who are connected',
      entrance: 'websocket OfficeGateway.type',
      leaky: instead(
        Typing,
        class extends Typing {
          protected override others() {
            return [...this.sockets.keys()];
          }
        },
      ),
      byHand: async (scene) => {
        const { acme, globex } = await talkers(scene);
        const typing = () => globex({ event: 'type', data: { text: scene.theirs.note.body } });
        return scene.shows(await acme({ event: 'enter', data: null }, typing));
      },
    },
    {
      name: 'a session that is taken up by a number which can be guessed',
      entrance: 'websocket OfficeGateway.resume',
      leaky: instead(
        Sessions,
        class extends Sessions {
          readonly #sessions: Session[] = [];

          protected override sessions() {
            return this.#sessions;
          }
        },
      ),
      byHand: async (scene) => {
        const { acme, globex } = await talkers(scene);
        await globex({ event: 'save', data: { draft: scene.theirs.note.body } });
        return scene.shows(await acme({ event: 'resume', data: { session: 1 } }));
      },
    },
    {
      name: 'a topic in which the tenant is a word like any other',
      entrance: 'websocket OfficeGateway.subscribe',
      leaky: instead(
        Topics,
        class extends Topics {
          protected override patternOf(topic: string) {
            return new RegExp(`(^|\\.)${words(topic)}$`);
          }
        },
      ),
      byHand: async (scene) => {
        const { acme, globex } = await talkers(scene);
        const publishing = () => globex({ event: 'publish', data: { jobId: scene.theirs.job.id } });
        return scene.shows(await acme({ event: 'subscribe', data: { topic: '*.job.*' } }, publishing));
      },
    },
    {
      name: 'a flag of a message that searches further than the tenant',
      entrance: 'websocket OfficeGateway.find',
      leaky: instead(
        Finder,
        class extends Finder {
          protected override everywhere(text: string) {
            return this.many('select id, letter as text from application where letter like $1', `%${text}%`);
          }
        },
      ),
      byHand: async (scene) => {
        const { acme } = await talkers(scene);
        return scene.shows(await acme({ event: 'find', data: { text: 'canary', everywhere: true } }));
      },
    },
  ],
};
