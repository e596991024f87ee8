import { createRequire } from 'node:module';
import { Body, Controller, Inject, Injectable, Module, Post } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import {
  type ClientProxy,
  ClientsModule,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { fromSubdomain, TenancyModule, Untenanted } from '@tenancy/core';
import { createPostgresBackend, withBackend } from 'bullmq';
import { createCache } from 'cache-manager';
import pino from 'pino';
import { firstValueFrom } from 'rxjs';
import type { Server } from 'socket.io';
import { registry } from './application.js';

/** Has no types of its own. */
const nodemailer = createRequire(import.meta.url)('nodemailer') as {
  createTransport(options: object): { sendMail(mail: object): Promise<{ message: string }> };
};

const CACHE = Symbol('cache');
export const QUEUE = Symbol('queue');
export const SEARCH = Symbol('search');
const MAIL = Symbol('mail');
const ORDERS = Symbol('orders');
const cache = createCache();
const { Queue } = withBackend(createPostgresBackend);

interface Note {
  readonly title: string;
}

/** Sends a note out of the application by every way that is usual. */
@Controller()
@Untenanted()
class ExitsController {
  private readonly pino = pino({ base: null }, pino.destination({ fd: 1, sync: true }));

  constructor(
    @Inject(CACHE) private readonly notes: typeof cache,
    @Inject(EventEmitter2) private readonly events: EventEmitter2,
    @Inject(ORDERS) private readonly orders: ClientProxy,
    @Inject(MAIL) private readonly mail: ReturnType<typeof nodemailer.createTransport>,
    @Inject(QUEUE) private readonly queue: InstanceType<typeof Queue>,
    @Inject(SEARCH) private readonly search: { add(document: object): void },
  ) {}

  @Post('cache')
  async cache(@Body() { title }: Note) {
    await this.notes.set('note', title);
    return { cached: await this.notes.get('note'), wrapped: await this.notes.wrap('other', async () => `${title}!`) };
  }

  @Post('event')
  async event(@Body() note: Note) {
    this.events.emit('note.created', note);
    return this.events.emitAsync(['note', 'sent'], note);
  }

  @Post('message')
  async message(@Body() note: Note) {
    await firstValueFrom(this.orders.emit('noted', note), { defaultValue: null });
    return { answer: await firstValueFrom(this.orders.send<string>({ cmd: 'note' }, note)) };
  }

  @Post('mail')
  async sendMail(@Body() { title }: Note) {
    const { message } = await this.mail.sendMail({ to: 'zoe@example.com', subject: title, text: 'Hello' });
    return { subject: (JSON.parse(message) as { subject: string }).subject };
  }

  @Post('job')
  async job(@Body() note: Note) {
    await this.queue.add('note', note);
    await this.queue.addBulk([{ name: 'notes', data: note }]);
    return { waiting: await this.queue.getWaitingCount() };
  }

  @Post('search')
  index(@Body() note: Note) {
    this.search.add(note);
    return {};
  }

  @Post('pino')
  log(@Body() { title }: Note) {
    this.pino.info(title);
    return {};
  }

  @MessagePattern({ cmd: 'note' })
  answer(@Payload() { title }: Note) {
    return `noted ${title}`;
  }

  @EventPattern('noted')
  noted(@Payload() _note: Note) {}
}

@WebSocketGateway()
class NotesGateway {
  @WebSocketServer() server!: Server & { clients: Set<{ send(text: string): void }> };
}

@Controller()
@Untenanted()
class SocketsController {
  constructor(@Inject(NotesGateway) private readonly gateway: NotesGateway) {}

  @Post('socket-io')
  all(@Body() note: Note) {
    this.gateway.server.emit('noted', note);
    this.gateway.server.to('lobby').emit('noted', note.title);
    for (const socket of this.gateway.server.sockets.sockets.values()) socket.emit('yours', note);
    return {};
  }

  @Post('ws')
  raw(@Body() { title }: Note) {
    for (const client of this.gateway.server.clients) client.send(title);
    return {};
  }
}

const tenancy = () => TenancyModule.forRoot({ registry, sources: [fromSubdomain({ baseDomain: 'localhost' })] });

@Injectable()
class Unrelated {
  /** Reads as a cache does, and is none. */
  get() {
    return 'x';
  }
}

@Module({ imports: [tenancy()], controllers: [SocketsController], providers: [NotesGateway] })
export class SocketsModule {}

/** @param postgres where the queue keeps its jobs */
export function exitsModule(port: number, postgres: string) {
  const options = { host: '127.0.0.1', port };
  @Module({
    imports: [
      tenancy(),
      EventEmitterModule.forRoot(),
      ClientsModule.register([{ name: ORDERS, transport: Transport.TCP, options }]),
    ],
    controllers: [ExitsController],
    providers: [
      Unrelated,
      { provide: CACHE, useValue: cache },
      { provide: SEARCH, useValue: { add: () => {} } },
      { provide: MAIL, useFactory: () => nodemailer.createTransport({ jsonTransport: true }) },
      {
        provide: QUEUE,
        useFactory: () => new Queue('notes', { connection: { connectionString: postgres, migrate: true } }),
      },
    ],
  })
  class ExitsModule {}
  return ExitsModule;
}
