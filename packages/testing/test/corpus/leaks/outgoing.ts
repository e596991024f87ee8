import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Injectable,
  type OnModuleDestroy,
  Param,
  Post,
  Put,
  ValidationPipe,
} from '@nestjs/common';
import { IsEmail, IsInt, IsString, IsUrl } from 'class-validator';
import { createTransport } from 'nodemailer';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class HookBody {
  @IsUrl({ require_tld: false }) url!: string;
}

class JobBody {
  @IsString() title!: string;
}

class MailBody {
  @IsEmail() to!: string;
}

class CollectorBody {
  @IsInt() port!: number;
}

/** Calls of their own for those who want to hear of it. */
@Injectable()
class Hooks extends Tables {
  protected readonly hooks: { readonly tenantId: string; readonly url: string }[] = [];

  register(url: string): void {
    this.hooks.push({ tenantId: this.tenantId, url });
  }

  async create(title: string): Promise<Row> {
    const job = await this.one(
      'insert into job (id, tenant_id, title, salary) values ($1, $2, $3, 0) returning id, title',
      randomUUID(),
      this.tenantId,
      title,
    );
    await Promise.allSettled(this.listeners().map((url) => this.call(url, job)));
    return job;
  }

  protected listeners(): string[] {
    return this.hooks.filter(({ tenantId }) => tenantId === this.tenantId).map(({ url }) => url);
  }

  private call(url: string, job: Row): Promise<unknown> {
    return fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ event: 'job.created', job }),
      signal: AbortSignal.timeout(500),
    });
  }
}

/** The bookkeeping of a tenant, which takes its invoices at an address of its own. */
@Injectable()
class Bookkeeping extends Tables {
  readonly #urls = new Map<string, string>();

  connect(url: string): void {
    this.#urls.set(this.tenantId, url);
  }

  async push(): Promise<{ pushed: number }> {
    const rows = await this.unpaid();
    const url = this.#urls.get(this.tenantId);
    if (!url) return { pushed: 0 };
    return post(url, rows).then(
      () => ({ pushed: rows.length }),
      () => ({ pushed: 0 }),
    );
  }

  protected unpaid(): Promise<Row[]> {
    return this.many(
      'select number, customer from invoice where tenant_id = $1 and not is_paid order by number',
      this.tenantId,
    );
  }
}

/** Each tenant has a collector of log lines. */
@Injectable()
class Collectors extends Tables implements OnModuleDestroy {
  readonly #socket: Socket = createSocket('udp4').unref();
  readonly #ports = new Map<string, number>();

  onModuleDestroy(): void {
    this.#socket.close();
  }

  collect(port: number): void {
    this.#ports.set(this.tenantId, port);
  }

  async view(id: string): Promise<Row> {
    const candidate = await this.one(
      'select id, name from candidate where id = $1 and tenant_id = $2',
      id,
      this.tenantId,
    );
    const port = this.portOf(this.#ports);
    if (port) this.#socket.send(`<14>hiring: ${candidate['name']} was viewed`, port, '127.0.0.1');
    return candidate;
  }

  protected portOf(ports: ReadonlyMap<string, number>): number | undefined {
    return ports.get(this.tenantId);
  }
}

/** A partner is told who asks by a header. */
@Injectable()
class Partners extends Tables {
  protected readonly headers: Record<string, string> = { accept: 'application/json' };

  async introduce(url: string): Promise<{ introduced: boolean }> {
    const [sender] = await this.many(
      'select email from tenant_subscriber where tenant_id = $1 order by id limit 1',
      this.tenantId,
    );
    const headers = this.headersOf(sender?.['email']);
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(500) }).catch(() => null);
    return { introduced: answer !== null };
  }

  protected headersOf(from?: string): Record<string, string> {
    return { ...this.headers, ...(from && { from }) };
  }
}

/** Events are put aside, and delivered when the tenant asks for it. */
@Injectable()
class Outbox extends Tables {
  protected readonly events: { readonly tenantId: string; readonly text: string }[] = [];

  put(text: string): { waiting: number } {
    this.events.push({ tenantId: this.tenantId, text });
    return { waiting: this.events.filter(({ tenantId }) => tenantId === this.tenantId).length };
  }

  async deliver(url: string): Promise<{ delivered: number }> {
    const events = this.take();
    await post(url, events).catch(() => {});
    return { delivered: events.length };
  }

  protected take(): Row[] {
    const { tenantId } = this;
    const own = this.events.filter((event) => event.tenantId === tenantId);
    for (const event of own) this.events.splice(this.events.indexOf(event), 1);
    return own;
  }
}

@Injectable()
class Mailer extends Tables {
  readonly #transport = createTransport({ jsonTransport: true });
  /** As they were handed over. */
  readonly sent: string[] = [];

  async sendDigest(to: string): Promise<{ sent: true }> {
    const rows = await this.newest();
    const { message } = await this.#transport.sendMail({
      from: 'hiring@example.test',
      to,
      subject: 'New candidates',
      text: rows.map(({ name }) => name).join('\n'),
    });
    this.sent.push(String(message));
    return { sent: true };
  }

  protected newest(): Promise<Row[]> {
    return this.many('select name from candidate where tenant_id = $1 order by created_at desc limit 5', this.tenantId);
  }
}

async function post(url: string, rows: readonly Row[]): Promise<void> {
  const sent = request(url, { method: 'POST', agent: false, timeout: 500, headers: { connection: 'close' } });
  const answered = once(sent, 'response');
  sent.end(rows.map((row) => JSON.stringify(row)).join('\n'));
  const [response] = await answered;
  response.resume();
}

@Controller()
class OutgoingController {
  constructor(
    @Inject(Hooks) private readonly hooks: Hooks,
    @Inject(Bookkeeping) private readonly bookkeeping: Bookkeeping,
    @Inject(Collectors) private readonly collectors: Collectors,
    @Inject(Partners) private readonly partners: Partners,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(Mailer) private readonly mailer: Mailer,
  ) {}

  @Put('hook')
  @HttpCode(204)
  register(@Body() { url }: HookBody) {
    this.hooks.register(url);
  }

  @Post('jobs')
  create(@Body() { title }: JobBody) {
    return this.hooks.create(title);
  }

  @Put('bookkeeping')
  @HttpCode(204)
  connect(@Body() { url }: HookBody) {
    this.bookkeeping.connect(url);
  }

  @Post('bookkeeping/push')
  push() {
    return this.bookkeeping.push();
  }

  @Put('collector')
  @HttpCode(204)
  collect(@Body() { port }: CollectorBody) {
    this.collectors.collect(port);
  }

  @Get('candidates/:id')
  view(@Param('id') id: string) {
    return this.collectors.view(id);
  }

  @Post('partners')
  introduce(@Body() { url }: HookBody) {
    return this.partners.introduce(url);
  }

  @Post('outbox')
  putAside(@Body() { title }: JobBody) {
    return this.outbox.put(title);
  }

  @Post('outbox/deliver')
  deliver(@Body() { url }: HookBody) {
    return this.outbox.deliver(url);
  }

  @Post('digest')
  digest(@Body() { to }: MailBody) {
    return this.mailer.sendDigest(to);
  }
}

/** Answers with what is sent to an address of ours while `work` lasts. */
async function received(work: (url: string) => Promise<unknown>): Promise<string> {
  let heard = '';
  const server = createServer((incoming, response) => {
    heard += JSON.stringify(incoming.headers);
    incoming.on('data', (part) => (heard += part));
    incoming.on('end', () => response.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/heard`);
    return heard;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

export const outgoing: Twins = {
  about: 'What goes out by other ways',
  correct: {
    controllers: [OutgoingController],
    providers: [Hooks, Bookkeeping, Collectors, Partners, Outbox, Mailer],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: {
    'PUT /hook': { body: { url: 'http://127.0.0.1:49151/heard' } },
    'PUT /bookkeeping': { body: { url: 'http://127.0.0.1:49151/heard' } },
    'POST /partners': { body: { url: 'http://127.0.0.1:49151/heard' } },
    'POST /outbox/deliver': { body: { url: 'http://127.0.0.1:49151/heard' } },
    'PUT /collector': { body: { port: 49151 } },
  },
  leaks: [
    {
      name: 'a webhook of all who listen, and not of the tenant',
      entrance: 'POST /jobs',
      leaky: instead(
        Hooks,
        class extends Hooks {
          protected override listeners() {
            return this.hooks.map(({ url }) => url);
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) =>
        shows(
          await received(async (url) => {
            await acme.put('/hook', { url });
            await globex.post('/jobs', { title: theirs.job.title });
          }),
        ),
    },
    {
      name: 'rows of all tenants that are pushed to an address of one',
      entrance: 'POST /bookkeeping/push',
      leaky: instead(
        Bookkeeping,
        class extends Bookkeeping {
          protected override unpaid() {
            return this.many('select number, customer from invoice where not is_paid order by number');
          }
        },
      ),
      byHand: async ({ acme, shows }) =>
        shows(
          await received(async (url) => {
            await acme.put('/bookkeeping', { url });
            await acme.post('/bookkeeping/push');
          }),
        ),
    },
    {
      name: 'log lines that go to the collector that was named last',
      entrance: 'GET /candidates/:id',
      leaky: instead(
        Collectors,
        class extends Collectors {
          protected override portOf(ports: ReadonlyMap<string, number>) {
            return ports.get(this.tenantId) ?? [...ports.values()].at(-1);
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        const socket = createSocket('udp4').bind(0, '127.0.0.1');
        await once(socket, 'listening');
        let heard = '';
        socket.on('message', (line) => (heard += line));
        await acme.put('/collector', { port: socket.address().port });
        await globex.get(`/candidates/${theirs.candidate.id}`);
        await sleep(50);
        socket.close();
        return shows(heard);
      },
    },
    {
      name: 'headers that stay as they were for the one before',
      entrance: 'POST /partners',
      leaky: instead(
        Partners,
        class extends Partners {
          protected override headersOf(from?: string) {
            if (from) this.headers['from'] ??= from;
            return this.headers;
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) =>
        shows(
          await received(async (url) => {
            await globex.post('/partners', { url: 'http://127.0.0.1:49151/heard' });
            await acme.post('/partners', { url });
          }),
        ),
    },
    {
      name: 'events of all tenants that one of them has delivered',
      entrance: 'POST /outbox/deliver',
      leaky: instead(
        Outbox,
        class extends Outbox {
          protected override take() {
            return this.events.splice(0);
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.post('/outbox', { title: theirs.job.title });
        return shows(await received((url) => acme.post('/outbox/deliver', { url })));
      },
    },
    {
      name: 'a mail with rows of all tenants',
      entrance: 'POST /digest',
      leaky: instead(
        Mailer,
        class extends Mailer {
          protected override newest() {
            return this.many('select name from candidate order by created_at desc limit 5');
          }
        },
      ),
      byHand: async ({ harness, acme, shows }) => {
        await acme.post('/digest', { to: 'owner@acme.test' });
        return shows(harness.app.get(Mailer).sent);
      },
    },
  ],
};
