import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Headers,
  Inject,
  Injectable,
  type MessageEvent,
  Param,
  Post,
  Res,
  Sse,
} from '@nestjs/common';
import { IsInt, IsString } from 'class-validator';
import type { Response } from 'express';
import { from, map, mergeAll, type Observable } from 'rxjs';
import { instead, type Scene, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class InvoiceBody {
  @IsString() customer!: string;
  @IsInt() amount!: number;
}

class CandidateBody {
  @IsString() name!: string;
}

@Injectable()
class Candidates extends Tables {
  list(): Promise<Row[]> {
    return this.many('select id, name from candidate where tenant_id = $1', this.tenantId);
  }

  async asCsv(): Promise<string> {
    return lines(await this.many('select name, email from candidate where tenant_id = $1', this.tenantId));
  }
}

/** The letters of a tenant as one text, which is read in parts where it is long. */
@Injectable()
class Letters extends Tables {
  async all(): Promise<Buffer> {
    return bytes(await this.many('select letter from application where tenant_id = $1', this.tenantId));
  }

  async part(first: number, last: number): Promise<Buffer> {
    return (await this.all()).subarray(first, last + 1);
  }
}

@Injectable()
class JobFeed extends Tables {
  newest(): Promise<Row[]> {
    return this.many(`${JOB_EVENTS} where tenant_id = $1 order by created_at desc limit 1`, this.tenantId);
  }

  /** Those which a listener missed while it was away. */
  missed(lastId: number): Promise<Row[]> {
    return this.many(
      `${JOB_EVENTS} where tenant_id = $1 and created_at > to_timestamp($2) order by created_at`,
      this.tenantId,
      lastId,
    );
  }
}

/** A shop is a part of a tenant: its category. */
@Injectable()
class Shops extends Tables {
  jobs(shop?: string): Promise<Row[]> {
    return this.many(
      'select id, title from job where tenant_id = $1 and category = coalesce($2, category)',
      this.tenantId,
      shop,
    );
  }
}

@Injectable()
class Workspaces extends Tables {
  async invoices(workspace?: string): Promise<Row[]> {
    if (workspace && workspace !== this.tenants.current().slug) throw new ForbiddenException();
    return this.of(this.tenantId);
  }

  protected of(tenantId: string): Promise<Row[]> {
    return this.many('select id, customer from invoice where tenant_id = $1', tenantId);
  }
}

@Injectable()
class Payments extends Tables {
  readonly #answers = new Map<string, Promise<Row>>();

  async pay(invoice: InvoiceBody, key?: string): Promise<Row> {
    if (!key) return this.create(invoice);
    const known = this.#answers.get(this.keyOf(key)) ?? this.create(invoice);
    this.#answers.set(this.keyOf(key), known);
    return known;
  }

  protected keyOf(key: string): string {
    return `${this.tenantId} ${key}`;
  }

  private create({ customer, amount }: InvoiceBody): Promise<Row> {
    return this.one(
      `insert into invoice (id, tenant_id, number, customer, amount)
       select $1, $2, coalesce(max(number), 0) + 1, $3, $4 from invoice where tenant_id = $2
       returning id, number, customer`,
      randomUUID(),
      this.tenantId,
      customer,
      amount,
    );
  }
}

/** The state of a request, for whoever lost the connection meanwhile. */
@Injectable()
class Requests extends Tables {
  protected readonly done = new Map<string, Row>();

  async create({ name }: CandidateBody, requestId: string = randomUUID()): Promise<Row> {
    const row = await this.one(
      'insert into candidate (id, tenant_id, name, email) values ($1, $2, $3, $4) returning id, name',
      randomUUID(),
      this.tenantId,
      name,
      `${randomUUID()}@example.test`,
    );
    this.done.set(this.keyOf(requestId), { requestId, state: 'done', ...row });
    return row;
  }

  find(requestId: string): Row {
    return this.done.get(this.keyOf(requestId)) ?? { requestId, state: 'unknown' };
  }

  protected keyOf(requestId: string): string {
    return `${this.tenantId}/${requestId}`;
  }
}

/** The headings are translated, which takes a while: what was made in a language is kept. */
@Injectable()
class Digest extends Tables {
  readonly #pages = new Map<string, string>();

  async page(language?: string): Promise<string> {
    if (!language) return this.render('en');
    const key = this.keyOf(language);
    const known = this.#pages.get(key) ?? (await this.render(language));
    this.#pages.set(key, known);
    return known;
  }

  protected keyOf(language: string): string {
    return `${this.tenantId} ${language}`;
  }

  private async render(language: string): Promise<string> {
    const rows = await this.many(
      'select body from note where tenant_id = $1 and deleted_at is null limit 20',
      this.tenantId,
    );
    return `${HEADINGS[language.slice(0, 2)] ?? 'Notes'}\n${lines(rows)}`;
  }
}

const JOB_EVENTS = 'select extract(epoch from created_at)::text as at, id, title from job';
const HEADINGS: Record<string, string> = { de: 'Notizen', fr: 'Notes du jour' };

const lines = (rows: readonly Row[]) => rows.map((row) => Object.values(row).join(';')).join('\n');
const bytes = (rows: readonly Row[]) => Buffer.from(rows.map(({ letter }) => `${letter}\n`).join(''));

@Controller()
class HeadersController {
  constructor(
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Letters) private readonly letters: Letters,
    @Inject(JobFeed) private readonly feed: JobFeed,
    @Inject(Shops) private readonly shops: Shops,
    @Inject(Workspaces) private readonly workspaces: Workspaces,
    @Inject(Payments) private readonly payments: Payments,
    @Inject(Requests) private readonly requests: Requests,
    @Inject(Digest) private readonly digest: Digest,
  ) {}

  @Get('candidates')
  async list(@Res({ passthrough: true }) response: Response, @Headers('accept') accept?: string): Promise<unknown> {
    response.vary('accept');
    if (accept !== 'text/csv') return this.candidates.list();
    response.type('text/csv');
    return this.candidates.asCsv();
  }

  @Get('letters')
  async read(@Res() response: Response, @Headers('range') range?: string) {
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
    response.type('text/plain').set('accept-ranges', 'bytes');
    if (first === undefined) return response.send(await this.letters.all());
    const part = await this.letters.part(Number(first), last ? Number(last) : Number(first) + 65_535);
    return response
      .status(206)
      .set('content-range', `bytes ${first}-${Number(first) + part.length - 1}/*`)
      .end(part);
  }

  @Sse('jobs/events')
  events(@Headers('last-event-id') lastId?: string): Observable<MessageEvent> {
    const rows = lastId ? this.feed.missed(Number(lastId)) : this.feed.newest();
    return from(rows).pipe(
      mergeAll(),
      map(({ at, ...data }) => ({ id: String(at), data })),
    );
  }

  @Get('jobs')
  jobs(@Headers('x-shop') shop?: string) {
    return this.shops.jobs(shop);
  }

  @Get('invoices')
  invoices(@Headers('cookie') cookie?: string) {
    return this.workspaces.invoices(/(?:^|; )workspace=([\w-]+)/.exec(cookie ?? '')?.[1]);
  }

  @Post('invoices')
  pay(@Body() body: InvoiceBody, @Headers('idempotency-key') key?: string) {
    return this.payments.pay(body, key);
  }

  @Post('candidates')
  create(@Body() body: CandidateBody, @Headers('x-request-id') requestId?: string) {
    return this.requests.create(body, requestId);
  }

  @Get('requests/:requestId')
  find(@Param('requestId') requestId: string) {
    return this.requests.find(requestId);
  }

  @Get('digest')
  page(@Headers('accept-language') language?: string) {
    return this.digest.page(language);
  }
}

const get = ({ acme }: Scene, path: string, headers: Record<string, string>) => acme.get(path, { headers });

export const optionalHeaders: Twins = {
  about: 'Headers that may be left out',
  correct: {
    controllers: [HeadersController],
    providers: [Candidates, Letters, JobFeed, Shops, Workspaces, Payments, Requests, Digest],
  },
  examples: { 'GET /requests/:requestId': { path: { requestId: 'import-1' } } },
  leaks: [
    {
      name: 'another format, as the client accepts it, of all tenants',
      entrance: 'GET /candidates',
      leaky: instead(
        Candidates,
        class extends Candidates {
          override async asCsv() {
            return lines(await this.many('select name, email from candidate'));
          }
        },
      ),
      byHand: async (scene) => scene.shows((await get(scene, '/candidates', { accept: 'text/csv' })).text),
    },
    {
      name: 'a range that is cut out of the archive of all tenants',
      entrance: 'GET /letters',
      leaky: instead(
        Letters,
        class extends Letters {
          override async part(first: number, last: number) {
            const archive = bytes(await this.many('select letter from application order by id'));
            return archive.subarray(first, last + 1);
          }
        },
      ),
      byHand: async (scene) => scene.shows((await get(scene, '/letters', { range: 'bytes=0-99999' })).text),
    },
    {
      name: 'events of all tenants, sent again to a listener that was away',
      entrance: 'GET /jobs/events',
      leaky: instead(
        JobFeed,
        class extends JobFeed {
          override missed(lastId: number) {
            return this.many(`${JOB_EVENTS} where created_at > to_timestamp($1) order by created_at`, lastId);
          }
        },
      ),
      byHand: async (scene) => scene.shows((await get(scene, '/jobs/events', { 'last-event-id': '1' })).text),
    },
    {
      name: 'a header that names the shop, and with it the tenant',
      entrance: 'GET /jobs',
      leaky: instead(
        Shops,
        class extends Shops {
          override jobs(shop?: string) {
            return this.many('select id, title from job where tenant_id = $1', shop ?? this.tenantId);
          }
        },
      ),
      byHand: async (scene) => scene.shows((await get(scene, '/jobs', { 'x-shop': scene.theirs.job.tenantId })).body),
    },
    {
      name: 'a cookie that remembers the workspace, and that nobody signed',
      entrance: 'GET /invoices',
      leaky: instead(
        Workspaces,
        class extends Workspaces {
          override async invoices(workspace?: string) {
            return this.of(workspace ? `t_${workspace}` : this.tenantId);
          }
        },
      ),
      byHand: async (scene) =>
        scene.shows((await get(scene, '/invoices', { cookie: 'theme=dark; workspace=globex' })).body),
    },
    {
      name: 'an answer that is kept under the idempotency key alone',
      entrance: 'POST /invoices',
      leaky: instead(
        Payments,
        class extends Payments {
          protected override keyOf(key: string) {
            return key;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        const headers = { 'idempotency-key': 'order-1' };
        await globex.post('/invoices', { customer: theirs.invoice.customer, amount: 5 }, { headers });
        return shows((await acme.post('/invoices', { customer: 'Somebody', amount: 5 }, { headers })).body);
      },
    },
    {
      name: 'the outcome of a request under the id that its client gave it',
      entrance: 'GET /requests/:requestId',
      leaky: instead(
        Requests,
        class extends Requests {
          protected override keyOf(requestId: string) {
            return requestId;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.post('/candidates', { name: theirs.candidate.name }, { headers: { 'x-request-id': 'import-1' } });
        return shows((await acme.get('/requests/import-1')).body);
      },
    },
    {
      name: 'a page that is kept for its language',
      entrance: 'GET /digest',
      leaky: instead(
        Digest,
        class extends Digest {
          protected override keyOf(language: string) {
            return language;
          }
        },
      ),
      byHand: async (scene) => {
        await scene.globex.get('/digest', { headers: { 'accept-language': 'de' } });
        return scene.shows((await get(scene, '/digest', { 'accept-language': 'de' })).text);
      },
    },
  ],
};
