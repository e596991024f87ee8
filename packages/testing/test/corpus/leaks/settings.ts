import { createHash, randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  Injectable,
  Post,
  Put,
  ValidationPipe,
} from '@nestjs/common';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class ViewBody {
  @IsString() name!: string;
  @IsString() filter!: string;
}

class InvoiceBody {
  @IsString() customer!: string;
  @IsInt() @Min(1) @Max(10_000) amount!: number;
}

class FileBody {
  @IsString() name!: string;
  @IsString() content!: string;
}

class SearchBody {
  @IsOptional() @IsString() candidateId?: string | null;
}

/** A list is filtered as it was the last time, by the newest job at first. */
@Injectable()
class Views extends Tables {
  readonly #filters = new Map<string, string>();

  save({ name, filter }: ViewBody): ViewBody {
    this.#filters.set(this.key(name), filter);
    return { name, filter };
  }

  async find(name: string): Promise<ViewBody> {
    const newest = await this.one('select title from job where tenant_id = $1 order by created_at desc', this.tenantId);
    return { name, filter: this.#filters.get(this.key(name)) ?? newest['title'] };
  }

  protected key(name: string): string {
    return `${this.tenantId}:${name}`;
  }
}

/** The same key is the same request, which is answered as it was before. */
@Injectable()
class Invoices extends Tables {
  readonly #answers = new Map<string, Promise<Row>>();

  create(body: InvoiceBody, key?: string): Promise<Row> {
    if (!key) return this.insert(body);
    const known = this.keyOf(key);
    const answer = this.#answers.get(known) ?? this.insert(body);
    this.#answers.set(known, answer);
    return answer;
  }

  protected keyOf(key: string): string {
    return `${this.tenantId}:${key}`;
  }

  private insert({ customer, amount }: InvoiceBody): Promise<Row> {
    return this.one(
      `insert into invoice (id, tenant_id, number, customer, amount)
       select $1, $2, coalesce(max(number), 0) + 1, $3, $4 from invoice where tenant_id = $2
       returning id, number, customer, amount`,
      randomUUID(),
      this.tenantId,
      customer,
      amount,
    );
  }
}

/** Keeps one copy of what is uploaded twice. */
@Injectable()
class Files extends Tables {
  readonly #known = new Set<string>();

  upload({ name, content }: FileBody): { name: string; isNew: boolean } {
    const key = `${this.owner()}:${createHash('sha256').update(content).digest('hex')}`;
    const isNew = !this.#known.has(key);
    this.#known.add(key);
    return { name, isNew };
  }

  protected owner(): string {
    return this.tenantId;
  }
}

@Injectable()
class Notes extends Tables {
  search({ candidateId }: SearchBody): Promise<Row[]> {
    return candidateId === undefined ? this.all() : this.about(candidateId);
  }

  protected about(candidateId: string | null): Promise<Row[]> {
    return this.many(
      'select id, body from note where tenant_id = $1 and ($2::text is null or candidate_id = $2) order by id',
      this.tenantId,
      candidateId,
    );
  }

  private all(): Promise<Row[]> {
    return this.many('select id, body from note where tenant_id = $1 order by id', this.tenantId);
  }
}

@Controller()
class SettingsController {
  constructor(
    @Inject(Views) private readonly views: Views,
    @Inject(Invoices) private readonly invoices: Invoices,
    @Inject(Files) private readonly files: Files,
    @Inject(Notes) private readonly notes: Notes,
  ) {}

  @Put('views')
  save(@Body() body: ViewBody) {
    return this.views.save(body);
  }

  @Get('views/default')
  view() {
    return this.views.find('default');
  }

  @Post('invoices')
  create(@Body() body: InvoiceBody, @Headers('idempotency-key') key?: string) {
    return this.invoices.create(body, key);
  }

  @Post('files')
  upload(@Body() body: FileBody) {
    return this.files.upload(body);
  }

  @Post('notes/search')
  @HttpCode(200)
  search(@Body() body: SearchBody) {
    return this.notes.search(body);
  }
}

export const settings: Twins = {
  about: 'Settings, keys and copies',
  correct: {
    controllers: [SettingsController],
    providers: [Views, Invoices, Files, Notes],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: { 'PUT /views': (_rows, { canary }) => ({ body: { name: 'default', filter: canary('filter') } }) },
  leaks: [
    {
      name: 'a saved view that is found by its name alone',
      entrance: 'GET /views/default',
      leaky: instead(
        Views,
        class extends Views {
          protected override key(name: string) {
            return name;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.put('/views', { name: 'default', filter: theirs.job.title });
        return shows((await acme.get('/views/default')).body);
      },
    },
    {
      name: 'an idempotency key without the tenant',
      entrance: 'POST /invoices',
      leaky: instead(
        Invoices,
        class extends Invoices {
          protected override keyOf(key: string) {
            return key;
          }
        },
      ),
      byHand: async ({ acme, globex, ours, theirs, shows }) => {
        const headers = { 'idempotency-key': `invoice ${randomUUID()}` };
        await globex.post('/invoices', { customer: theirs.invoice.customer, amount: 100 }, { headers });
        const { body } = await acme.post('/invoices', { customer: ours.invoice.customer, amount: 200 }, { headers });
        return shows(body);
      },
    },
    {
      name: 'an upload that tells whether anybody has uploaded the same',
      entrance: 'POST /files',
      leaky: instead(
        Files,
        class extends Files {
          protected override owner() {
            return 'all';
          }
        },
      ),
      byHand: async ({ acme, globex }) => {
        const file = { name: 'contract.txt', content: `We agree on ${randomUUID()}.` };
        await globex.post('/files', file);
        return !((await acme.post('/files', file)).body as { isNew: boolean }).isNew;
      },
    },
    {
      name: 'a null that drops the tenant with the condition',
      entrance: 'POST /notes/search',
      leaky: instead(
        Notes,
        class extends Notes {
          protected override about(candidateId: string | null) {
            return this.many(
              'select id, body from note where tenant_id = $1 and candidate_id = $2 or $2::text is null order by id',
              this.tenantId,
              candidateId,
            );
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.post('/notes/search', { candidateId: null })).body),
    },
  ],
};
