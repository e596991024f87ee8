import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import {
  Body,
  Controller,
  Get,
  Inject,
  Injectable,
  NotFoundException,
  Param,
  Post,
  Query,
  Res,
  ValidationPipe,
} from '@nestjs/common';
import { IsEmail, IsString } from 'class-validator';
import type { Response } from 'express';
import type { ExampleCall } from '../../../src/index.js';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class InvitationBody {
  @IsEmail() email!: string;
}

class CodeBody {
  @IsString() code!: string;
}

class AddressBody {
  @IsString() candidateId!: string;
  @IsEmail() email!: string;
}

class ConfirmBody {
  @IsString() candidateId!: string;
  @IsString() token!: string;
}

class ShareBody {
  @IsString() noteId!: string;
}

class ShortenBody {
  @IsString() jobId!: string;
}

/** Each tenant counts its exports for itself. */
@Injectable()
class Exports extends Tables {
  readonly #shelves = new Map<string, Map<string, string>>();

  async start(): Promise<{ name: string }> {
    const rows = await this.many('select customer, amount from invoice where tenant_id = $1', this.tenantId);
    const shelf = this.shelf();
    const name = `invoices-${String(shelf.size + 1).padStart(4, '0')}.csv`;
    shelf.set(name, rows.map(({ customer, amount }) => `${customer};${amount}\n`).join(''));
    return { name };
  }

  download(name: string): string {
    return this.shelf().get(name) ?? '';
  }

  protected shelf(): Map<string, string> {
    const shelf = this.#shelves.get(this.tenantId) ?? new Map();
    this.#shelves.set(this.tenantId, shelf);
    return shelf;
  }
}

interface Invitation {
  readonly tenantId: string;
  readonly email: string;
}

/** The code is short, as some type it from a letter. */
@Injectable()
class Invitations extends Tables {
  readonly #open = new Map<string, Invitation[]>();

  invite(email: string): { code: string } {
    const open = this.open();
    return { code: String(100_000 + open.push({ tenantId: this.tenantId, email })) };
  }

  async accept(code: string): Promise<Row> {
    const invitation = this.open()[Number(code) - 100_001];
    if (!invitation) throw new NotFoundException();
    return this.one(
      `insert into tenant_subscriber (id, tenant_id, email) values ($1, $2, $3)
       on conflict (tenant_id, email) do update set email = excluded.email returning email`,
      randomUUID(),
      invitation.tenantId,
      invitation.email,
    );
  }

  protected open(): Invitation[] {
    const open = this.#open.get(this.tenantId) ?? [];
    this.#open.set(this.tenantId, open);
    return open;
  }
}

/** A new address is confirmed from the mail that went there. */
@Injectable()
class Addresses extends Tables {
  readonly #changes = new Map<string, AddressBody>();

  async change(change: AddressBody): Promise<{ token: string }> {
    await this.one('select 1 from candidate where id = $1 and tenant_id = $2', change.candidateId, this.tenantId);
    const token = randomUUID();
    this.#changes.set(token, change);
    return { token };
  }

  async confirm({ candidateId, token }: ConfirmBody): Promise<Row> {
    const change = this.#changes.get(token);
    if (!change || !this.isFor(change, candidateId)) throw new NotFoundException();
    return this.one('update candidate set email = $2 where id = $1 returning id, email', candidateId, change.email);
  }

  protected isFor(change: AddressBody, candidateId: string): boolean {
    return change.candidateId === candidateId;
  }
}

/** A link to a note, for people who have no account. */
@Injectable()
class Shares extends Tables {
  async share(noteId: string): Promise<{ signature: string; expires: string }> {
    await this.one('select 1 from note where id = $1 and tenant_id = $2', noteId, this.tenantId);
    const expires = '4102444800';
    return { signature: this.sign(noteId, expires), expires };
  }

  async open(noteId: string, expires: string, signature: string): Promise<Row> {
    const [given, expected] = [signature, this.sign(noteId, expires)].map((text) => Buffer.from(text));
    if (!given || !expected || given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new NotFoundException();
    }
    return this.one('select id, body from note where id = $1', noteId);
  }

  protected sign(noteId: string, expires: string): string {
    return hmac(`${this.tenantId} ${noteId} ${expires}`);
  }
}

/** The address of a calendar is its own password: calendars cannot sign in. */
@Injectable()
class Calendars extends Tables {
  address(): { key: string } {
    return { key: this.keyOf(this.tenantId) };
  }

  async feed(key: string): Promise<string> {
    const rows = await this.many('select id, title from job where tenant_id = $1', this.ownerOf(key));
    return rows.map(({ id, title }) => `BEGIN:VEVENT\r\nUID:${id}\r\nSUMMARY:${title}\r\nEND:VEVENT\r\n`).join('');
  }

  protected keyOf(tenantId: string): string {
    return Buffer.from(`${tenantId}:${hmac(tenantId)}`).toString('base64url');
  }

  /** @throws NotFoundException when the key is another's. */
  protected ownerOf(key: string): string {
    const [tenantId = ''] = Buffer.from(key, 'base64url').toString().split(':');
    if (key !== this.keyOf(this.tenantId)) throw new NotFoundException();
    return tenantId;
  }
}

/** Addresses that fit into a short message. */
@Injectable()
class ShortLinks extends Tables {
  readonly #links = new Map<string, string[]>();

  async shorten(jobId: string): Promise<{ code: string }> {
    const { title } = await this.one('select title from job where id = $1 and tenant_id = $2', jobId, this.tenantId);
    return { code: (this.links().push(`/careers/${title}`) - 1).toString(36) };
  }

  target(code: string): string {
    return this.links()[Number.parseInt(code, 36)] ?? '/careers';
  }

  protected links(): string[] {
    const links = this.#links.get(this.tenantId) ?? [];
    this.#links.set(this.tenantId, links);
    return links;
  }
}

const hmac = (text: string) => createHmac('sha256', 'the key of our links').update(text).digest('hex');

@Controller()
class LinksController {
  constructor(
    @Inject(Exports) private readonly exports: Exports,
    @Inject(Invitations) private readonly invitations: Invitations,
    @Inject(Addresses) private readonly addresses: Addresses,
    @Inject(Shares) private readonly shares: Shares,
    @Inject(Calendars) private readonly calendars: Calendars,
    @Inject(ShortLinks) private readonly links: ShortLinks,
  ) {}

  @Post('exports')
  start() {
    return this.exports.start();
  }

  @Get('exports/:name')
  download(@Param('name') name: string) {
    return this.exports.download(name);
  }

  @Post('invitations')
  invite(@Body() { email }: InvitationBody) {
    return this.invitations.invite(email);
  }

  @Post('invitations/accept')
  accept(@Body() { code }: CodeBody) {
    return this.invitations.accept(code);
  }

  @Post('addresses')
  change(@Body() body: AddressBody) {
    return this.addresses.change(body);
  }

  @Post('addresses/confirm')
  confirm(@Body() body: ConfirmBody) {
    return this.addresses.confirm(body);
  }

  @Post('shares')
  share(@Body() { noteId }: ShareBody) {
    return this.shares.share(noteId);
  }

  @Get('shares/:noteId')
  open(@Param('noteId') noteId: string, @Query('expires') expires: string, @Query('signature') signature: string) {
    return this.shares.open(noteId, expires, signature);
  }

  @Get('calendar')
  address() {
    return this.calendars.address();
  }

  @Get('calendar/:key')
  feed(@Param('key') key: string) {
    return this.calendars.feed(key);
  }

  @Post('links')
  shorten(@Body() { jobId }: ShortenBody) {
    return this.links.shorten(jobId);
  }

  @Get('links/:code')
  follow(@Param('code') code: string, @Res({ passthrough: true }) response: Response) {
    response.set('refresh', `0; url=${this.links.target(code)}`);
    return { code };
  }
}

const answered = <T>({ body }: { readonly body: unknown }) => body as T;

const accepting: ExampleCall = {
  call: async (_rows, { client }) => {
    const invited = await client.post('/invitations', { email: 'somebody@example.test' });
    return client.post('/invitations/accept', answered(invited));
  },
};

const confirming: ExampleCall = {
  call: async ({ candidate: { id: candidateId } }, { client }) => {
    const changed = await client.post('/addresses', { candidateId, email: 'somebody@example.test' });
    return client.post('/addresses/confirm', { candidateId, token: answered<{ token: string }>(changed).token });
  },
};

const opening: ExampleCall = {
  call: async ({ note: { id: noteId } }, { client }) => {
    const shared = await client.post('/shares', { noteId });
    return client.get(`/shares/${noteId}`, { query: answered(shared) });
  },
};

const subscribing: ExampleCall = {
  call: async (_rows, { client }) =>
    client.get(`/calendar/${answered<{ key: string }>(await client.get('/calendar')).key}`),
};

export const links: Twins = {
  about: 'Links, codes and tokens',
  correct: {
    controllers: [LinksController],
    providers: [Exports, Invitations, Addresses, Shares, Calendars, ShortLinks],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: {
    'GET /exports/:name': { path: { name: 'invoices-0001.csv' } },
    'POST /invitations/accept': accepting,
    'POST /addresses/confirm': confirming,
    'GET /shares/:noteId': opening,
    'GET /calendar/:key': subscribing,
    'GET /links/:code': { path: { code: '0' } },
  },
  exempt: Object.fromEntries(
    ['POST /invitations/accept', 'POST /addresses/confirm', 'GET /shares/:noteId', 'GET /calendar/:key'].map((id) => [
      id,
      { 'no-tenant': 'Whoever has the link needs no tenant: it is signed.' },
    ]),
  ),
  leaks: [
    {
      name: 'an export that is fetched by a name which can be guessed',
      entrance: 'GET /exports/:name',
      leaky: instead(
        Exports,
        class extends Exports {
          readonly #shelf = new Map<string, string>();

          protected override shelf() {
            return this.#shelf;
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        await globex.post('/exports');
        return shows((await acme.get('/exports/invoices-0001.csv')).text);
      },
    },
    {
      name: 'a code of an invitation that lets in at another tenant',
      entrance: 'POST /invitations/accept',
      leaky: instead(
        Invitations,
        class extends Invitations {
          readonly #open: Invitation[] = [];

          protected override open() {
            return this.#open;
          }
        },
      ),
      byHand: async ({ acme, globex, harms }) => {
        await globex.post('/invitations', { email: 'friend@globex.test' });
        return harms(() => acme.post('/invitations/accept', { code: '100001' }));
      },
    },
    {
      name: 'a token that is good for another row than the one it was made for',
      entrance: 'POST /addresses/confirm',
      leaky: instead(
        Addresses,
        class extends Addresses {
          protected override isFor(change: AddressBody) {
            return change.email !== '';
          }
        },
      ),
      byHand: async ({ acme, ours, theirs, harms }) => {
        const changed = await acme.post('/addresses', { candidateId: ours.candidate.id, email: 'me@acme.test' });
        const { token } = answered<{ token: string }>(changed);
        return harms(() => acme.post('/addresses/confirm', { candidateId: theirs.candidate.id, token }));
      },
    },
    {
      name: 'a signature that covers the moment, and not the row',
      entrance: 'GET /shares/:noteId',
      leaky: instead(
        Shares,
        class extends Shares {
          protected override sign(_noteId: string, expires: string) {
            return hmac(`note until ${expires}`);
          }
        },
      ),
      byHand: async ({ acme, ours, theirs, shows }) => {
        const shared = await acme.post('/shares', { noteId: ours.note.id });
        return shows((await acme.get(`/shares/${theirs.note.id}`, { query: answered(shared) })).body);
      },
    },
    {
      name: 'the key of a calendar that anybody can make',
      entrance: 'GET /calendar/:key',
      leaky: instead(
        Calendars,
        class extends Calendars {
          protected override keyOf(tenantId: string) {
            return Buffer.from(`${tenantId}:calendar`).toString('base64url');
          }

          protected override ownerOf(key: string) {
            return Buffer.from(key, 'base64url').toString().split(':')[0] ?? '';
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) => {
        const { key } = answered<{ key: string }>(await acme.get('/calendar'));
        const plain = Buffer.from(key, 'base64url').toString();
        const guess = Buffer.from(plain.replace(/^[^:]*/, theirs.job.tenantId)).toString('base64url');
        return shows((await acme.get(`/calendar/${guess}`)).text);
      },
    },
    {
      name: 'short links that are counted through, over all tenants',
      entrance: 'GET /links/:code',
      leaky: instead(
        ShortLinks,
        class extends ShortLinks {
          readonly #links: string[] = [];

          protected override links() {
            return this.#links;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.post('/links', { jobId: theirs.job.id });
        return shows((await acme.get('/links/0')).headers);
      },
    },
  ],
};
