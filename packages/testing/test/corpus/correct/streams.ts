import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Injectable,
  type MessageEvent,
  Post,
  Sse,
  ValidationPipe,
} from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { IsString } from 'class-validator';
import { filter, interval, map, merge, type Observable, Subject, take } from 'rxjs';
import type { WebSocket } from 'ws';
import type { Caller } from '../../../src/index.js';
import { talk } from '../talk.js';
import { TenantWsAdapter } from '../tenant-ws-adapter.js';
import { type Application, Db, type Rows } from './application.js';

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
};

const MESSAGES = `create table message (id uuid primary key, tenant_id text not null, room text not null default 'general', text text not null,
  at timestamptz not null default clock_timestamp());`;

const plantMessage: Application['seed'] = async (tenant, { canary, db }) => {
  const message = { id: randomUUID(), text: canary('text') };
  await db.many('insert into message (id, tenant_id, text) values ($1, $2, $3)', message.id, tenant.id, message.text);
  return { message };
};

class NewMessage {
  @IsString()
  text!: string;
}

@Injectable()
class Feed {
  readonly #said = new Subject<{ tenantId: string; text: string }>();

  constructor(private readonly db: Db) {}

  async say(text: string) {
    const message = await this.db.one(
      'insert into message (id, tenant_id, text) values ($1, $2, $3) returning id, text',
      randomUUID(),
      this.db.tenantId,
      text,
    );
    this.#said.next({ tenantId: this.db.tenantId, text });
    return message;
  }

  hear(): Observable<string> {
    const { tenantId } = this.db;
    return this.#said.pipe(
      filter((each) => each.tenantId === tenantId),
      map(({ text }) => text),
    );
  }
}

@Controller('feed')
class FeedController {
  constructor(private readonly feed: Feed) {}

  @Sse()
  listen(): Observable<MessageEvent> {
    return this.feed.hear().pipe(map((text) => ({ data: { text } })));
  }

  @Post()
  say(@Body() { text }: NewMessage) {
    return this.feed.say(text);
  }
}

const sse: Application = {
  name: 'an event stream of what is said at the company',
  schema: MESSAGES,
  controllers: [FeedController],
  providers: [Feed],
  configure: validated,
  examples: {
    'GET /feed': {
      meanwhile: (client) => client.post('/feed', { text: `said ${randomUUID()}` }),
      answersNothing: 'what is said meanwhile',
    },
  },
  seed: plantMessage,
  works: (client) => [client.post('/feed', { text: 'Good morning' })],
};

@Controller('status')
class Ticking {
  constructor(private readonly db: Db) {}

  /** A snapshot, and then signs of life. */
  @Sse()
  async listen(): Promise<Observable<MessageEvent>> {
    const rows = await this.db.many('select text from message where tenant_id = $1 order by at', this.db.tenantId);
    const start = new Subject<MessageEvent>();
    setTimeout(() => start.next({ type: 'snapshot', data: rows }), 5);
    return merge(
      start,
      interval(50).pipe(
        map((beat) => ({ type: 'ping', data: { beat, at: Date.now() } })),
        take(3),
      ),
    );
  }
}

const pings: Application = {
  name: 'an event stream of a snapshot and signs of life',
  schema: MESSAGES,
  controllers: [Ticking],
  seed: plantMessage,
  works: (client) => [client.get('/status', { headers: { accept: 'text/event-stream' } })],
};

/** Waits for the next message, but not longer than 200 milliseconds. */
@Controller('messages')
class Polled {
  constructor(
    private readonly db: Db,
    private readonly feed: Feed,
  ) {}

  @Get('next')
  next() {
    return new Promise((resolve) => {
      const subscription = this.feed.hear().subscribe((text) => {
        subscription.unsubscribe();
        resolve({ text });
      });
      setTimeout(() => {
        subscription.unsubscribe();
        resolve({ text: null });
      }, 200);
    });
  }

  @Post()
  @HttpCode(201)
  say(@Body() { text }: NewMessage) {
    return this.feed.say(text);
  }

  @Get()
  list() {
    return this.db.many('select id, text from message where tenant_id = $1 order by at', this.db.tenantId);
  }
}

const longPoll: Application = {
  name: 'a long poll that gives up after 200 milliseconds',
  schema: MESSAGES,
  controllers: [Polled],
  providers: [Feed],
  configure: validated,
  examples: {
    'GET /messages/next': {
      meanwhile: (client) => client.post('/messages', { text: `said ${randomUUID()}` }),
      answersNothing: 'what is said meanwhile',
    },
  },
  seed: plantMessage,
  works: (client) => [client.get('/messages/next'), client.get('/messages')],
};

/** Rooms have the same names at every company. */
@WebSocketGateway()
class Chat {
  readonly #here = new Map<WebSocket, string>();

  constructor(private readonly db: Db) {}

  @SubscribeMessage('join')
  async join(@ConnectedSocket() socket: WebSocket, @MessageBody() { room }: { room: string }) {
    this.#here.set(socket, `${this.db.tenantId}/${room}`);
    socket.once('close', () => this.#here.delete(socket));
    const history = await this.db.many(
      'select text from message where tenant_id = $1 and room = $2 order by at',
      this.db.tenantId,
      room,
    );
    return { event: 'joined', data: { room, history } };
  }

  @SubscribeMessage('say')
  async say(@MessageBody() { room, text }: { room: string; text: string }) {
    if (typeof text !== 'string') throw new WsException('text is missing');
    const { id } = await this.db.one(
      'insert into message values ($1, $2, $3, $4) returning id',
      randomUUID(),
      this.db.tenantId,
      room,
      text,
    );
    for (const [socket, place] of this.#here) {
      if (place === `${this.db.tenantId}/${room}`) socket.send(JSON.stringify({ event: 'said', data: { text } }));
    }
    return { event: 'sent', data: { id, text } };
  }

  @SubscribeMessage('read')
  async read(@MessageBody() { id }: { id: string }) {
    const [found] = await this.db.many(
      'select id, text from message where tenant_id = $1 and id::text = $2',
      this.db.tenantId,
      id,
    );
    if (!found) throw new WsException('there is no such message');
    return { event: 'message', data: found };
  }
}

@Controller('messages')
class ChatHistory {
  constructor(private readonly db: Db) {}

  @Get()
  list() {
    return this.db.many('select id, text from message where tenant_id = $1 order by at', this.db.tenantId);
  }
}

const chat: Application = {
  name: 'a chat over WebSockets, in rooms of the same names everywhere',
  schema: MESSAGES,
  controllers: [ChatHistory],
  providers: [Chat],
  configure: (app) => {
    app.useWebSocketAdapter(new TenantWsAdapter(app));
  },
  examples: {
    'websocket Chat.join': {
      call: (_rows: Rows, caller: Caller) => talk(caller, { event: 'join', data: { room: 'general' } }),
    },
    'websocket Chat.say': {
      call: (_rows: Rows, caller: Caller) =>
        talk(caller, { event: 'say', data: { room: 'general', text: caller.canary('text') } }),
    },
    'websocket Chat.read': {
      call: ({ message }: Rows, caller: Caller) => talk(caller, { event: 'read', data: { id: message.id } }),
    },
  },
  seed: plantMessage,
  works: (client) => [client.get('/messages')],
};

@WebSocketGateway()
class Presence {
  readonly #here = new Map<WebSocket, string>();

  constructor(private readonly db: Db) {}

  @SubscribeMessage('hello')
  async hello(@ConnectedSocket() socket: WebSocket) {
    this.#here.set(socket, this.db.tenantId);
    socket.once('close', () => this.#here.delete(socket));
    const online = [...this.#here.values()].filter((tenantId) => tenantId === this.db.tenantId).length;
    const [last] = await this.db.many(
      'select text from message where tenant_id = $1 order by at desc limit 1',
      this.db.tenantId,
    );
    return { event: 'welcome', data: { session: randomUUID(), online, last: last?.text } };
  }

  @SubscribeMessage('time')
  time() {
    return { event: 'time', data: { now: Date.now(), uptime: process.uptime() } };
  }
}

const presence: Application = {
  name: 'who is online at the company, and the time',
  schema: MESSAGES,
  controllers: [ChatHistory],
  providers: [Presence],
  configure: (app) => {
    app.useWebSocketAdapter(new TenantWsAdapter(app));
  },
  examples: {
    'websocket Presence.hello': { call: (_rows: Rows, caller: Caller) => talk(caller, { event: 'hello', data: {} }) },
    'websocket Presence.time': {
      call: (_rows: Rows, caller: Caller) => talk(caller, { event: 'time', data: {} }),
      answersNothing: 'the time',
    },
  },
  seed: plantMessage,
  works: (client) => [client.get('/messages')],
};

export const streams: readonly Application[] = [sse, pings, longPoll, chat, presence];
