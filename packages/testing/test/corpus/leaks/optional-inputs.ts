import {
  Body,
  Controller,
  Get,
  HttpCode,
  type INestApplication,
  Inject,
  Injectable,
  Param,
  Post,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Min } from 'class-validator';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class PageQuery {
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) page?: number;
}

class InvoiceQuery {
  @IsOptional() @IsIn(['', 'paid', 'open']) status?: string;
}

class SearchBody {
  @IsString() text!: string;
  @IsOptional() @IsBoolean() withLetters?: boolean;
}

@Injectable()
class Notes extends Tables {
  async list(archived?: string): Promise<Row[]> {
    return archived === 'true' ? this.archived() : this.active();
  }

  changes(since?: string): Promise<Row[]> {
    return since ? this.changedSince(since) : this.active();
  }

  protected active(): Promise<Row[]> {
    return this.many('select id, body from note where tenant_id = $1 and deleted_at is null', this.tenantId);
  }

  protected archived(): Promise<Row[]> {
    return this.many('select id, body from note where tenant_id = $1 and deleted_at is not null', this.tenantId);
  }

  protected changedSince(since: string): Promise<Row[]> {
    return this.many(
      'select id, body from note where tenant_id = $1 and coalesce(deleted_at, now()) > $2::timestamptz',
      this.tenantId,
      since,
    );
  }
}

@Injectable()
class Jobs extends Tables {
  page(page = 1): Promise<Row[]> {
    return page === 1 ? this.newest() : this.older(page);
  }

  async show(id: string, include?: string): Promise<Row> {
    const job = await this.one(
      'select id, title, category from job where id = $1 and tenant_id = $2',
      id,
      this.tenantId,
    );
    return include === 'similar' ? { ...job, similar: await this.similar(job) } : job;
  }

  some(ids?: string): Promise<Row[]> {
    return ids ? this.byIds(ids.split(',')) : this.newest();
  }

  protected newest(): Promise<Row[]> {
    return this.many('select id, title from job where tenant_id = $1 order by created_at desc limit 2', this.tenantId);
  }

  protected older(page: number): Promise<Row[]> {
    return this.many(
      'select id, title from job where tenant_id = $1 order by created_at desc limit 2 offset $2',
      this.tenantId,
      (page - 1) * 2,
    );
  }

  protected similar({ id, category }: Row): Promise<Row[]> {
    return this.many(
      'select id, title from job where category = $1 and id <> $2 and tenant_id = $3',
      category,
      id,
      this.tenantId,
    );
  }

  protected byIds(ids: readonly string[]): Promise<Row[]> {
    return this.many('select id, title from job where id = any($1) and tenant_id = $2', ids, this.tenantId);
  }
}

@Injectable()
class Invoices extends Tables {
  list(status?: string): Promise<Row[]> {
    if (status === undefined) {
      return this.many('select id, customer from invoice where tenant_id = $1', this.tenantId);
    }
    return this.withStatus(status);
  }

  protected withStatus(status: string): Promise<Row[]> {
    return this.many(
      `select id, customer from invoice where tenant_id = $1 and (is_paid = ($2 = 'paid') or $2 = '')`,
      this.tenantId,
      status,
    );
  }
}

@Injectable()
class Candidates extends Tables {
  list(): Promise<Row[]> {
    return this.many('select id, name from candidate where tenant_id = $1', this.tenantId);
  }

  /** A statement of its own: a spreadsheet has columns that a page does not. */
  async csv(): Promise<string> {
    const rows = await this.many('select id, name, email from candidate where tenant_id = $1', this.tenantId);
    return lines(rows);
  }
}

@Injectable()
class Applications extends Tables {
  find(where: Readonly<Record<string, string>> = {}): Promise<Row[]> {
    const { tenantId: _, ...allowed } = where;
    return this.where({ ...allowed, tenantId: this.tenantId });
  }

  /** The columns are ours, their values somebody's. */
  protected where(where: Readonly<Record<string, string>>): Promise<Row[]> {
    const wanted = Object.entries(COLUMNS).filter(([name]) => name in where);
    const conditions = wanted.map(([, column], n) => `${column} = $${n + 1}`);
    return this.many(
      `select id, letter from application where ${conditions.join(' and ')}`,
      ...wanted.map(([name]) => where[name]),
    );
  }
}

@Injectable()
class Search extends Tables {
  async search({ text, withLetters }: SearchBody): Promise<Row[]> {
    const jobs = await this.many(
      'select id, title as text from job where tenant_id = $1 and title ilike $2',
      this.tenantId,
      `%${text}%`,
    );
    return withLetters ? [...jobs, ...(await this.letters(text))] : jobs;
  }

  protected letters(text: string): Promise<Row[]> {
    return this.many(
      'select id, letter as text from application where letter ilike $1 and tenant_id = $2',
      `%${text}%`,
      this.tenantId,
    );
  }
}

@Injectable()
class Subscribers extends Tables {
  /** Those of one's own, which is the usual view, or of the whole company. */
  list(mine = 'true'): Promise<Row[]> {
    return mine === 'true' ? this.own() : this.company();
  }

  protected own(): Promise<Row[]> {
    return this.many('select id, email from tenant_subscriber where tenant_id = $1 limit 1', this.tenantId);
  }

  protected company(): Promise<Row[]> {
    return this.many('select id, email from tenant_subscriber where tenant_id = $1', this.tenantId);
  }
}

const COLUMNS = { tenantId: 'tenant_id', jobId: 'job_id', candidateId: 'candidate_id' };

const lines = (rows: readonly Row[]) => rows.map((row) => Object.values(row).join(';')).join('\n');

@Controller()
class OptionalController {
  constructor(
    @Inject(Notes) private readonly notes: Notes,
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Invoices) private readonly invoices: Invoices,
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Applications) private readonly applications: Applications,
    @Inject(Search) private readonly found: Search,
    @Inject(Subscribers) private readonly subscribers: Subscribers,
  ) {}

  @Get('notes')
  listNotes(@Query('archived') archived?: string) {
    return this.notes.list(archived);
  }

  @Get('notes/changes')
  changes(@Query('since') since?: string) {
    return this.notes.changes(since);
  }

  @Get('jobs')
  page(@Query() { page }: PageQuery) {
    return this.jobs.page(page);
  }

  @Get('jobs/some')
  some(@Query('ids') ids?: string) {
    return this.jobs.some(ids);
  }

  @Get('jobs/:id')
  show(@Param('id') id: string, @Query('include') include?: string) {
    return this.jobs.show(id, include);
  }

  @Get('invoices')
  listInvoices(@Query() { status }: InvoiceQuery) {
    return this.invoices.list(status);
  }

  @Get('candidates')
  listCandidates(@Query('format') format?: string): Promise<unknown> {
    return format === 'csv' ? this.candidates.csv() : this.candidates.list();
  }

  @Get('applications')
  find(@Query('where') where?: Record<string, string>) {
    return this.applications.find(where);
  }

  @Post('search')
  @HttpCode(200)
  search(@Body() body: SearchBody) {
    return this.found.search(body);
  }

  @Get('subscribers')
  listSubscribers(@Query('mine') mine?: string) {
    return this.subscribers.list(mine);
  }
}

export const optionalInputs: Twins = {
  about: 'Inputs that may be left out',
  correct: {
    controllers: [OptionalController],
    providers: [Notes, Jobs, Invoices, Candidates, Applications, Search, Subscribers],
    configure: (app: INestApplication) => {
      app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true }));
      (app as NestExpressApplication).set('query parser', 'extended');
    },
  },
  examples: { 'POST /search': { body: { text: 'canary' } } },
  leaks: [
    {
      name: 'archived rows of all tenants, when they are asked for',
      entrance: 'GET /notes',
      leaky: instead(
        Notes,
        class extends Notes {
          protected override archived() {
            return this.many('select id, body from note where deleted_at is not null');
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.get('/notes', { query: { archived: 'true' } })).body),
    },
    {
      name: 'what changed since a moment, of all tenants',
      entrance: 'GET /notes/changes',
      leaky: instead(
        Notes,
        class extends Notes {
          protected override changedSince(since: string) {
            return this.many(
              'select id, body from note where tenant_id = $1 and deleted_at > $2::timestamptz or deleted_at is null',
              this.tenantId,
              since,
            );
          }
        },
      ),
      byHand: async ({ acme, shows }) =>
        shows((await acme.get('/notes/changes', { query: { since: '2020-01-01' } })).body),
    },
    {
      name: 'pages after the first one, of all tenants',
      entrance: 'GET /jobs',
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override older(page: number) {
            return this.many('select id, title from job order by created_at desc limit 2 offset $1', (page - 1) * 2);
          }
        },
      ),
      byHand: async ({ acme, plantTheirs, shows }) => {
        await plantTheirs();
        await plantTheirs();
        await plantTheirs();
        return shows((await acme.get('/jobs', { query: { page: 2 } })).body);
      },
    },
    {
      name: 'a list of ids in place of the whole list',
      entrance: 'GET /jobs/some',
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override byIds(ids: readonly string[]) {
            return this.many('select id, title from job where id = any($1)', ids);
          }
        },
      ),
      byHand: async ({ acme, ours, theirs, shows }) =>
        shows((await acme.get('/jobs/some', { query: { ids: `${ours.job.id},${theirs.job.id}` } })).body),
    },
    {
      name: 'similar rows of all tenants, when they are to be included',
      entrance: 'GET /jobs/:id',
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override similar({ id, category }: Row) {
            return this.many('select id, title from job where category = $1 and id <> $2', category, id);
          }
        },
      ),
      byHand: async ({ acme, ours, shows }) =>
        shows((await acme.get(`/jobs/${ours.job.id}`, { query: { include: 'similar' } })).body),
    },
    {
      name: 'an empty filter that lets everything through',
      entrance: 'GET /invoices',
      leaky: instead(
        Invoices,
        class extends Invoices {
          protected override withStatus(status: string) {
            return this.many(
              `select id, customer from invoice where tenant_id = $1 and is_paid = ($2 = 'paid') or $2 = ''`,
              this.tenantId,
              status,
            );
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.get('/invoices?status=')).body),
    },
    {
      name: 'a format with a statement of its own',
      entrance: 'GET /candidates',
      leaky: instead(
        Candidates,
        class extends Candidates {
          override async csv() {
            return lines(await this.many('select id, name, email from candidate order by name'));
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.get('/candidates', { query: { format: 'csv' } })).text),
    },
    {
      name: 'a filter that is spread over the tenant',
      entrance: 'GET /applications',
      leaky: instead(
        Applications,
        class extends Applications {
          override find(where: Readonly<Record<string, string>> = {}) {
            return this.where({ tenantId: this.tenantId, ...where });
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) =>
        shows((await acme.get('/applications', { query: { where: { tenantId: theirs.job.tenantId } } })).body),
    },
    {
      name: 'a flag in the body that searches further than the tenant',
      entrance: 'POST /search',
      leaky: instead(
        Search,
        class extends Search {
          protected override letters(text: string) {
            return this.many('select id, letter as text from application where letter ilike $1', `%${text}%`);
          }
        },
      ),
      byHand: async ({ acme, shows }) =>
        shows((await acme.post('/search', { text: 'canary', withLetters: true })).body),
    },
    {
      name: 'a view of the whole company that is one of all companies',
      entrance: 'GET /subscribers',
      leaky: instead(
        Subscribers,
        class extends Subscribers {
          protected override company() {
            return this.many('select id, email from tenant_subscriber');
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.get('/subscribers', { query: { mine: 'false' } })).body),
    },
  ],
};
