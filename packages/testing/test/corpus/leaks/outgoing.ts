import { randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Injectable,
  type OnModuleDestroy,
  type OnModuleInit,
  Param,
  ParseIntPipe,
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

class DocumentBody {
  @IsString() text!: string;
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

@Injectable()
class Exports extends Tables implements OnModuleInit, OnModuleDestroy {
  protected folder = '';

  async onModuleInit(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'exports-'));
  }

  async onModuleDestroy(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  async write(): Promise<{ rows: number }> {
    const rows = await this.many('select name, email from candidate where tenant_id = $1', this.tenantId);
    await writeFile(await this.file(), rows.map(({ name, email }) => `${name};${email}\n`).join(''));
    return { rows: rows.length };
  }

  async read(): Promise<string> {
    return readFile(await this.file(), 'utf8').catch(() => '');
  }

  protected async file(): Promise<string> {
    const folder = join(this.folder, this.tenantId);
    await mkdir(folder, { recursive: true });
    return join(folder, 'candidates.csv');
  }
}

/** Invoices are rendered once. */
@Injectable()
class Printer extends Exports {
  async print(number: number): Promise<string> {
    const { customer, amount } = await this.one(
      'select customer, amount from invoice where number = $1 and tenant_id = $2',
      number,
      this.tenantId,
    );
    const file = await this.rendered(number);
    const known = await readFile(file, 'utf8').catch(() => null);
    if (known) return known;
    const page = `Invoice ${number}\n${customer}\n${amount} EUR\n`;
    await writeFile(file, page);
    return page;
  }

  protected async rendered(number: number): Promise<string> {
    return join(this.folder, `${this.tenantId}-invoice-${number}.txt`);
  }
}

class PutObjectCommand {
  constructor(readonly input: { readonly Key: string; readonly Body: string }) {}
}

class GetObjectCommand {
  constructor(readonly input: { readonly Key: string }) {}
}

/** A bucket, as the makers of buckets have us talk to it. */
@Injectable()
class Bucket {
  readonly #objects = new Map<string, string>();

  async send(command: PutObjectCommand | GetObjectCommand): Promise<string | undefined> {
    const { Key } = command.input;
    if (command instanceof PutObjectCommand) this.#objects.set(Key, command.input.Body);
    return this.#objects.get(Key);
  }
}

@Injectable()
class Documents extends Tables {
  @Inject(Bucket) private readonly bucket!: Bucket;

  async put(name: string, text: string): Promise<void> {
    await this.bucket.send(new PutObjectCommand({ Key: this.keyOf(name), Body: text }));
  }

  async get(name: string): Promise<{ text: string }> {
    const text = await this.bucket.send(new GetObjectCommand({ Key: this.keyOf(name) }));
    return { text: text ?? '' };
  }

  protected keyOf(name: string): string {
    return `${this.tenantId}/documents/${name}`;
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
    @Inject(Exports) private readonly exports: Exports,
    @Inject(Printer) private readonly printer: Printer,
    @Inject(Documents) private readonly documents: Documents,
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

  @Post('exports')
  write() {
    return this.exports.write();
  }

  @Get('exports')
  read() {
    return this.exports.read();
  }

  @Get('invoices/:number/print')
  print(@Param('number', ParseIntPipe) number: number) {
    return this.printer.print(number);
  }

  @Put('documents/:name')
  @HttpCode(204)
  put(@Param('name') name: string, @Body() { text }: DocumentBody) {
    return this.documents.put(name, text);
  }

  @Get('documents/:name')
  get(@Param('name') name: string) {
    return this.documents.get(name);
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
    providers: [Hooks, Bookkeeping, Collectors, Exports, Printer, Bucket, Documents, Mailer],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: {
    'PUT /hook': { body: { url: 'http://127.0.0.1:49151/heard' } },
    'PUT /bookkeeping': { body: { url: 'http://127.0.0.1:49151/heard' } },
    'PUT /collector': { body: { port: 49151 } },
    'GET /invoices/:number/print': { path: { number: 1 } },
    'PUT /documents/:name': (_rows, { canary }) => ({ path: { name: 'plan' }, body: { text: canary('text') } }),
    'GET /documents/:name': { path: { name: 'plan' } },
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
      name: 'a file under a name that all tenants have in common',
      entrance: 'POST /exports',
      leaky: instead(
        Exports,
        class extends Exports {
          protected override async file() {
            return join(this.folder, 'candidates.csv');
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        await acme.post('/exports');
        await globex.post('/exports');
        return shows((await acme.get('/exports')).text);
      },
    },
    {
      name: 'a rendered page that is found again by a number which both have',
      entrance: 'GET /invoices/:number/print',
      leaky: instead(
        Printer,
        class extends Printer {
          protected override async rendered(number: number) {
            return join(this.folder, `invoice-${number}.txt`);
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        await globex.get('/invoices/1/print');
        return shows((await acme.get('/invoices/1/print')).text);
      },
    },
    {
      name: 'an object in a bucket under its name alone',
      entrance: 'PUT /documents/:name',
      leaky: instead(
        Documents,
        class extends Documents {
          protected override keyOf(name: string) {
            return `documents/${name}`;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.put('/documents/plan', { text: theirs.note.body });
        return shows((await acme.get('/documents/plan')).body);
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
