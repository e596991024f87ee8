import {
  Body,
  ConflictException,
  Controller,
  Get,
  HttpCode,
  Inject,
  Injectable,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Put,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import { IsString } from 'class-validator';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class TextBody {
  @IsString() text!: string;
}

class CustomerBody {
  @IsString() customer!: string;
}

/** Every tenant counts its invoices from one. */
@Injectable()
class Invoices extends Tables {
  async byNumber(number: number): Promise<Row> {
    const invoice = (await this.index()).get(number);
    if (!invoice) throw new NotFoundException();
    return invoice;
  }

  async rename(number: number, customer: string): Promise<Row> {
    const [invoice] = await this.update(number, customer);
    if (!invoice) throw new NotFoundException();
    return { number, customer };
  }

  /** Sums that were invoiced, beside those that were paid in the end. */
  reconcile(): Promise<Row[]> {
    return this.many(
      `select i.number, i.customer, paid.customer as payer from invoice i
        left join invoice paid on paid.number = i.number and paid.tenant_id = i.tenant_id
        where i.tenant_id = $1 order by 1, 3`,
      this.tenantId,
    );
  }

  protected update(number: number, customer: string): Promise<Row[]> {
    return this.many(
      'update invoice set customer = $3 where number = $1 and tenant_id = $2 returning id',
      number,
      this.tenantId,
      customer,
    );
  }

  protected async index(): Promise<Map<number, Row>> {
    const rows = await this.many('select number, customer, amount from invoice where tenant_id = $1', this.tenantId);
    return new Map(rows.map((row) => [row['number'], row]));
  }
}

/** Two people who edit the same invoice are told of each other. */
@Injectable()
class Locks extends Tables {
  readonly #holders = new Map<string, { readonly tenantId: string; readonly reason: string }>();

  lock(number: number, reason: string): { lockedFor: string } {
    const key = this.keyOf(number);
    const holder = this.#holders.get(key);
    if (holder && holder.tenantId !== this.tenantId) {
      throw new ConflictException(`It is locked for: ${holder.reason}`);
    }
    this.#holders.set(key, { tenantId: this.tenantId, reason });
    return { lockedFor: reason };
  }

  protected keyOf(number: number): string {
    return `${this.tenantId}/${number}`;
  }
}

/** Names of folders have letters and digits only. */
@Injectable()
class Attachments extends Tables {
  readonly #files = new Map<string, string>();

  put(name: string, text: string): void {
    this.#files.set(this.pathOf(name), text);
  }

  get(name: string): { text: string } {
    return { text: this.#files.get(this.pathOf(name)) ?? '' };
  }

  find(beginning: string): string[] {
    return [...this.#files].filter(([path]) => this.matches(path, beginning)).map(([, text]) => text);
  }

  protected pathOf(name: string): string {
    return `${this.tenantId}/${name}`;
  }

  protected matches(path: string, beginning: string): boolean {
    return path.startsWith(this.pathOf(beginning));
  }
}

@Injectable()
class Subscribers extends Tables {
  /** The key is a whole: `t_acme/somebody@example.test`. */
  beginningWith(beginning: string): Promise<Row[]> {
    return this.many(
      `select id, email from tenant_subscriber where starts_with(tenant_id || '/' || email, $1)`,
      `${this.tenantId}/${beginning}`,
    );
  }
}

@Injectable()
class Jobs extends Tables {
  /** The words of a path are the tenant, the category and the title. */
  find(path: string): Promise<Row[]> {
    return this.many(
      `select id, title from job where tenant_id = $1 and category || '/' || title ~ ('^' || $2)`,
      this.tenantId,
      path,
    );
  }
}

@Controller()
class KeysController {
  constructor(
    @Inject(Invoices) private readonly invoices: Invoices,
    @Inject(Locks) private readonly locks: Locks,
    @Inject(Attachments) private readonly attachments: Attachments,
    @Inject(Subscribers) private readonly subscribers: Subscribers,
    @Inject(Jobs) private readonly jobs: Jobs,
  ) {}

  @Get('invoices/reconciliation')
  reconcile() {
    return this.invoices.reconcile();
  }

  @Get('invoices/:number')
  byNumber(@Param('number', ParseIntPipe) number: number) {
    return this.invoices.byNumber(number);
  }

  @Put('invoices/:number')
  rename(@Param('number', ParseIntPipe) number: number, @Body() { customer }: CustomerBody) {
    return this.invoices.rename(number, customer);
  }

  @Post('invoices/:number/lock')
  lock(@Param('number', ParseIntPipe) number: number, @Body() { text }: TextBody) {
    return this.locks.lock(number, text);
  }

  @Put('attachments/:name')
  @HttpCode(204)
  put(@Param('name') name: string, @Body() { text }: TextBody) {
    this.attachments.put(name, text);
  }

  @Get('attachments/:name')
  get(@Param('name') name: string) {
    return this.attachments.get(name);
  }

  @Get('attachments')
  find(@Query('beginning') beginning = '') {
    return this.attachments.find(beginning);
  }

  @Get('subscribers')
  beginningWith(@Query('beginning') beginning = '') {
    return this.subscribers.beginningWith(beginning);
  }

  @Get('jobs')
  findJobs(@Query('path') path = 'engineering/') {
    return this.jobs.find(path);
  }
}

export const keys: Twins = {
  about: 'Keys that both tenants have',
  tenants: [
    { id: 't_acme', slug: 'acme' },
    { id: 't-acme', slug: 'acme-europe' },
  ],
  correct: {
    controllers: [KeysController],
    providers: [Invoices, Locks, Attachments, Subscribers, Jobs],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: {
    'GET /invoices/:number': { path: { number: 1 } },
    'PUT /invoices/:number': (_rows, { canary }) => ({ path: { number: 1 }, body: { customer: canary('customer') } }),
    'POST /invoices/:number/lock': (_rows, { canary }) => ({ path: { number: 1 }, body: { text: canary('reason') } }),
    'PUT /attachments/:name': (_rows, { canary }) => ({ path: { name: 'plan' }, body: { text: canary('text') } }),
    'GET /attachments/:name': { path: { name: 'plan' } },
  },
  leaks: [
    {
      name: 'an index by a number that every tenant counts for itself',
      entrance: 'GET /invoices/:number',
      leaky: instead(
        Invoices,
        class extends Invoices {
          protected override async index() {
            const rows = await this.many('select number, customer, amount from invoice');
            return new Map(rows.map((row) => [row['number'], row]));
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.get('/invoices/1')).body),
    },
    {
      name: 'a change by a number that every tenant counts for itself',
      entrance: 'PUT /invoices/:number',
      leaky: instead(
        Invoices,
        class extends Invoices {
          protected override update(number: number, customer: string) {
            return this.many('update invoice set customer = $2 where number = $1 returning id', number, customer);
          }
        },
      ),
      byHand: ({ acme, harms }) => harms(() => acme.put('/invoices/1', { customer: 'from acme' })),
    },
    {
      name: 'a join by a number that every tenant counts for itself',
      entrance: 'GET /invoices/reconciliation',
      leaky: instead(
        Invoices,
        class extends Invoices {
          override reconcile() {
            return this.many(
              `select i.number, i.customer, paid.customer as payer from invoice i
                left join invoice paid using (number) where i.tenant_id = $1 order by 1, 3`,
              this.tenantId,
            );
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.get('/invoices/reconciliation')).body),
    },
    {
      name: 'a lock by a number that every tenant counts for itself',
      entrance: 'POST /invoices/:number/lock',
      leaky: instead(
        Locks,
        class extends Locks {
          protected override keyOf(number: number) {
            return `invoice ${number}`;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.post('/invoices/1/lock', { text: `a call from ${theirs.invoice.customer}` });
        return shows((await acme.post('/invoices/1/lock', { text: 'a correction' })).body);
      },
    },
    {
      name: 'a folder for each tenant, with a name that is cleaned of signs',
      entrance: 'GET /attachments/:name',
      leaky: instead(
        Attachments,
        class extends Attachments {
          protected override pathOf(name: string) {
            return `${this.tenantId.replace(/[^a-z0-9]/gi, '')}/${name}`;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.put('/attachments/plan', { text: theirs.note.body });
        return shows((await acme.get('/attachments/plan')).body);
      },
    },
    {
      name: 'a search in which a sign stands for all',
      entrance: 'GET /attachments',
      leaky: instead(
        Attachments,
        class extends Attachments {
          protected override matches(path: string, beginning: string) {
            return new RegExp(`^${this.pathOf(beginning)}`).test(path);
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.put('/attachments/plan', { text: theirs.note.body });
        return shows((await acme.get('/attachments', { query: { beginning: 'x|' } })).body);
      },
    },
    {
      name: 'a tenant in a pattern of LIKE, with a sign that stands for any other',
      entrance: 'GET /subscribers',
      leaky: instead(
        Subscribers,
        class extends Subscribers {
          override beginningWith(beginning: string) {
            return this.many(
              `select id, email from tenant_subscriber where tenant_id || '/' || email like $1`,
              `${this.tenantId}/${beginning}%`,
            );
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.get('/subscribers')).body),
    },
    {
      name: 'a path that is a pattern, and goes on after a bar',
      entrance: 'GET /jobs',
      leaky: instead(
        Jobs,
        class extends Jobs {
          override find(path: string) {
            return this.many(
              `select id, title from job where tenant_id || '/' || category || '/' || title ~ ('^' || $1 || '/' || $2)`,
              this.tenantId,
              path,
            );
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.get('/jobs', { query: { path: 'sales/|.*' } })).body),
    },
  ],
};
