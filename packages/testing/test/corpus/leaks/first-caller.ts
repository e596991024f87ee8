import { Body, Controller, Get, HttpCode, Inject, Injectable, Param, Put, ValidationPipe } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { instead, type Scene, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

class LocaleBody {
  @IsIn(['en-US', 'de-DE']) locale!: string;
}

interface Settings {
  readonly signature: string;
}

/** The signature under letters is the newest one that the tenant wrote. */
@Injectable()
class SettingsService extends Tables {
  readonly #settings = new Map<string, Promise<Settings>>();

  get(): Promise<Settings> {
    const known = this.#settings.get(this.tenantId) ?? this.load();
    this.#settings.set(this.tenantId, known);
    return known;
  }

  protected async load(): Promise<Settings> {
    const [row] = await this.many(
      'select letter from application where tenant_id = $1 order by id limit 1',
      this.tenantId,
    );
    return { signature: row?.['letter'] ?? '' };
  }
}

@Injectable()
class Money extends Tables {
  readonly #locales = new Map<string, string>();
  readonly #formats = new Map<string, Intl.NumberFormat>();

  choose(locale: string): void {
    this.#locales.set(this.tenantId, locale);
    this.#formats.delete(this.tenantId);
  }

  async total(): Promise<{ total: string }> {
    const { sum } = await this.one(
      'select coalesce(sum(amount), 0)::int + 1000000 as sum from invoice where tenant_id = $1',
      this.tenantId,
    );
    return { total: this.format().format(sum) };
  }

  protected format(): Intl.NumberFormat {
    const known = this.#formats.get(this.tenantId) ?? this.newFormat();
    this.#formats.set(this.tenantId, known);
    return known;
  }

  protected newFormat(): Intl.NumberFormat {
    return new Intl.NumberFormat(this.#locales.get(this.tenantId) ?? 'en-US');
  }
}

@Injectable()
class Statistics extends Tables {
  show(): Promise<Row> {
    return this.compute();
  }

  protected compute(): Promise<Row> {
    return this.one(
      'select count(*)::int, coalesce(sum(salary), 0)::int as salaries from job where tenant_id = $1',
      this.tenantId,
    );
  }
}

/** The client of a service that knows accounts by their keys. */
class AccountClient {
  constructor(
    readonly key: string,
    private readonly read: (key: string) => Promise<Row[]>,
  ) {}

  invoices(): Promise<Row[]> {
    return this.read(this.key);
  }
}

@Injectable()
class Accounts extends Tables {
  readonly #clients = new Map<string, AccountClient>();

  list(): Promise<Row[]> {
    return this.client().invoices();
  }

  protected client(): AccountClient {
    const known = this.#clients.get(this.tenantId) ?? this.connect();
    this.#clients.set(this.tenantId, known);
    return known;
  }

  protected connect(): AccountClient {
    return new AccountClient(this.tenantId, (key) =>
      this.many('select id, customer from invoice where tenant_id = $1', key),
    );
  }
}

@Injectable()
class Footers extends Tables {
  async letter(id: string): Promise<string> {
    const { letter } = await this.one(
      'select letter from application where id = $1 and tenant_id = $2',
      id,
      this.tenantId,
    );
    return `${letter}\n--\n${await this.footer()}`;
  }

  protected async footer(): Promise<string> {
    const [job] = await this.many('select title from job where tenant_id = $1 order by id limit 1', this.tenantId);
    return job?.['title'] ?? '';
  }
}

type Template = (name: string) => string;

/** Compiled once, with the parts that do not change already in it. */
@Injectable()
class Templates extends Tables {
  readonly #compiled = new Map<string, Promise<Template>>();

  async greeting(id: string): Promise<{ greeting: string }> {
    const { name } = await this.one('select name from candidate where id = $1 and tenant_id = $2', id, this.tenantId);
    return { greeting: (await this.template())(name) };
  }

  protected template(): Promise<Template> {
    const known = this.#compiled.get(this.tenantId) ?? this.compile();
    this.#compiled.set(this.tenantId, known);
    return known;
  }

  protected async compile(): Promise<Template> {
    const [subscriber] = await this.many(
      'select email from tenant_subscriber where tenant_id = $1 order by id limit 1',
      this.tenantId,
    );
    return (name) => `Dear ${name}, please answer to ${subscriber?.['email']}`;
  }
}

/** A question that is put together once, and asked often. */
@Injectable()
class Notes extends Tables {
  readonly #queries = new Map<string, () => Promise<Row[]>>();

  list(): Promise<Row[]> {
    return this.query()();
  }

  protected query(): () => Promise<Row[]> {
    const known = this.#queries.get(this.tenantId) ?? this.prepare(this.tenantId);
    this.#queries.set(this.tenantId, known);
    return known;
  }

  protected prepare(tenantId: string): () => Promise<Row[]> {
    const statement = 'select id, body from note where tenant_id = $1 and deleted_at is null order by id';
    return () => this.many(statement, tenantId);
  }
}

@Controller()
class FirstCallerController {
  constructor(
    @Inject(SettingsService) private readonly settings: SettingsService,
    @Inject(Money) private readonly money: Money,
    @Inject(Statistics) private readonly statistics: Statistics,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(Footers) private readonly footers: Footers,
    @Inject(Templates) private readonly templates: Templates,
    @Inject(Notes) private readonly notes: Notes,
  ) {}

  @Get('settings')
  getSettings() {
    return this.settings.get();
  }

  @Put('locale')
  @HttpCode(204)
  choose(@Body() { locale }: LocaleBody) {
    this.money.choose(locale);
  }

  @Get('invoices/total')
  total() {
    return this.money.total();
  }

  @Get('statistics')
  show() {
    return this.statistics.show();
  }

  @Get('invoices')
  list() {
    return this.accounts.list();
  }

  @Get('applications/:id/letter')
  letter(@Param('id') id: string) {
    return this.footers.letter(id);
  }

  @Get('candidates/:id/greeting')
  greeting(@Param('id') id: string) {
    return this.templates.greeting(id);
  }

  @Get('notes')
  listNotes() {
    return this.notes.list();
  }
}

/** Asks as acme once globex has asked for its own: true when something of globex's is shown. */
async function second({ acme, globex, shows }: Scene, ours: string, theirs = ours): Promise<boolean> {
  await globex.get(theirs);
  return shows((await acme.get(ours)).text);
}

export const firstCaller: Twins = {
  about: 'What the first caller brings',
  correct: {
    controllers: [FirstCallerController],
    providers: [SettingsService, Money, Statistics, Accounts, Footers, Templates, Notes],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  leaks: [
    {
      name: 'settings that are loaded once',
      entrance: 'GET /settings',
      leaky: instead(
        SettingsService,
        class extends SettingsService {
          #loaded: Promise<Settings> | undefined;

          override get() {
            return (this.#loaded ??= this.load());
          }
        },
      ),
      byHand: (scene) => second(scene, '/settings'),
    },
    {
      name: 'a format of numbers that is that of whoever came first',
      entrance: 'GET /invoices/total',
      leaky: instead(
        Money,
        class extends Money {
          #format: Intl.NumberFormat | undefined;

          protected override format() {
            return (this.#format ??= this.newFormat());
          }
        },
      ),
      byHand: async ({ acme, globex }) => {
        await globex.put('/locale', { locale: 'de-DE' });
        await globex.get('/invoices/total');
        const { body } = await acme.get('/invoices/total');
        return (body as { total: string }).total.includes('.');
      },
    },
    {
      name: 'numbers that are computed once',
      entrance: 'GET /statistics',
      leaky: instead(
        Statistics,
        class extends Statistics {
          #computed: Promise<Row> | undefined;

          override show() {
            return (this.#computed ??= this.compute());
          }
        },
      ),
      byHand: async ({ harness, acme, globex }) => {
        await globex.get('/statistics');
        const { body } = await acme.get('/statistics');
        const rows = (await harness.rowsOf?.(harness.tenants[0] as (typeof harness.tenants)[0]))?.['job'] ?? [];
        return (body as Row)['salaries'] !== rows.reduce((sum, { salary }) => sum + Number(salary), 0);
      },
    },
    {
      name: 'a client that is connected when it is needed first',
      entrance: 'GET /invoices',
      leaky: instead(
        Accounts,
        class extends Accounts {
          #client: AccountClient | undefined;

          protected override client() {
            return (this.#client ??= this.connect());
          }
        },
      ),
      byHand: (scene) => second(scene, '/invoices'),
    },
    {
      name: 'a static field that the first letter fills',
      entrance: 'GET /applications/:id/letter',
      leaky: instead(
        Footers,
        class Leaky extends Footers {
          static #footer: Promise<string> | undefined;

          protected override footer() {
            return (Leaky.#footer ??= super.footer());
          }
        },
      ),
      byHand: (scene) => {
        const [ours, theirs] = [scene.ours, scene.theirs].map(
          ({ application: { id } }) => `/applications/${id}/letter`,
        );
        return second(scene, ours as string, theirs);
      },
    },
    {
      name: "a template that is compiled with the first tenant's address in it",
      entrance: 'GET /candidates/:id/greeting',
      leaky: instead(
        Templates,
        class extends Templates {
          #template: Promise<Template> | undefined;

          protected override template() {
            return (this.#template ??= this.compile());
          }
        },
      ),
      byHand: (scene) => {
        const [ours, theirs] = [scene.ours, scene.theirs].map(({ candidate: { id } }) => `/candidates/${id}/greeting`);
        return second(scene, ours as string, theirs);
      },
    },
    {
      name: 'a function that has kept the tenant it was made for',
      entrance: 'GET /notes',
      leaky: instead(
        Notes,
        class extends Notes {
          #query: (() => Promise<Row[]>) | undefined;

          protected override query() {
            return (this.#query ??= this.prepare(this.tenantId));
          }
        },
      ),
      byHand: (scene) => second(scene, '/notes'),
    },
  ],
};
