import { setTimeout as sleep } from 'node:timers/promises';
import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  type INestApplication,
  Inject,
  Injectable,
  type MessageEvent,
  type OnModuleDestroy,
  type OnModuleInit,
  Param,
  Patch,
  Post,
  Sse,
  ValidationPipe,
} from '@nestjs/common';
import { IsArray, IsIn, IsOptional, IsString } from 'class-validator';
import type pg from 'pg';
import { filter, map, type Observable, Subject } from 'rxjs';
import { again } from '../again.js';
import { instead, type Twins } from '../leak.js';
import { POOL, type Row, Tables } from '../tables.js';

class PreferencesBody {
  @IsOptional() @IsIn(['light', 'dark']) theme?: string;
  @IsOptional() @IsString() signature?: string;
}

class IdsBody {
  @IsArray() ids!: string[];
}

interface News {
  readonly tenantId: string;
  readonly title: string;
}

@Injectable()
class Preferences extends Tables {
  protected readonly defaults: Row = { theme: 'light', signature: 'Kind regards' };
  protected readonly known = new Map<string, Row>();

  get(): Row {
    return this.known.get(this.tenantId) ?? this.defaults;
  }

  change(changes: PreferencesBody): Row {
    const merged = this.merge(this.get(), changes);
    this.known.set(this.tenantId, merged);
    return merged;
  }

  protected merge(before: Row, changes: PreferencesBody): Row {
    return { ...before, ...changes };
  }
}

@Injectable()
class Notes extends Tables {
  async archive(ids: readonly string[]): Promise<{ archived: number }> {
    return { archived: (await this.archiveAll(ids)).length };
  }

  protected archiveAll(ids: readonly string[]): Promise<Row[]> {
    return this.many(
      'update note set deleted_at = now() where tenant_id = $1 and id = any($2) returning id',
      this.tenantId,
      ids,
    );
  }
}

/** The newest statements with their values, for whoever wonders why something is slow. */
@Injectable()
class Diagnostics extends Tables {
  protected readonly seen: { readonly tenantId: string; readonly statement: string }[] = [];

  async find(id: string): Promise<Row> {
    const candidate = await this.one(
      'select id, name, email from candidate where id = $1 and tenant_id = $2',
      id,
      this.tenantId,
    );
    this.seen.push({ tenantId: this.tenantId, statement: `update seen set email = '${candidate['email']}'` });
    return candidate;
  }

  statements(): string[] {
    return this.own()
      .slice(-20)
      .map(({ statement }) => statement);
  }

  protected own(): readonly { readonly statement: string }[] {
    return this.seen.filter(({ tenantId }) => tenantId === this.tenantId);
  }
}

/** For search engines. */
@Injectable()
class Sitemap extends Tables {
  async xml(): Promise<string> {
    const rows = await this.jobs();
    return `<urlset>${rows.map(({ title }) => `<url><loc>/careers/${title}</loc></url>`).join('')}</urlset>`;
  }

  protected jobs(): Promise<Row[]> {
    return this.many(`select title from job where tenant_id = $1 and status = 'open'`, this.tenantId);
  }
}

/** One interview after the other goes to the next who can hold one. */
@Injectable()
class Interviews extends Tables {
  readonly #turns = new Map<string, number>();

  assign(): { turn: number } {
    const turn = this.#turns.get(this.queue()) ?? 0;
    this.#turns.set(this.queue(), turn + 1);
    return { turn };
  }

  protected queue(): string {
    return this.tenantId;
  }
}

@Injectable()
class Quota extends Tables {
  async left(): Promise<{ left: number }> {
    const { used } = await this.used();
    return { left: Math.max(0, 10_000 - used) };
  }

  protected used(): Promise<Row> {
    return this.one(
      `select (select count(*) from note where tenant_id = $1)::int
            + (select count(*) from application where tenant_id = $1)::int as used`,
      this.tenantId,
    );
  }
}

/** The database tells all instances of the application what is new. */
@Injectable()
class Announcements extends Tables implements OnModuleInit, OnModuleDestroy {
  @Inject(POOL) private readonly connections!: pg.Pool;
  #client: pg.PoolClient | undefined;
  protected readonly news = new Subject<News>();

  async onModuleInit(): Promise<void> {
    this.#client = await this.connections.connect();
    this.#client.on('notification', ({ payload }) => this.news.next(JSON.parse(payload ?? '') as News));
    await this.#client.query('listen announcements');
  }

  onModuleDestroy(): void {
    this.#client?.release(true);
    this.news.complete();
  }

  async announce(id: string): Promise<void> {
    const { title } = await this.one('select title from job where id = $1 and tenant_id = $2', id, this.tenantId);
    await this.many(`select pg_notify('announcements', $1)`, JSON.stringify({ tenantId: this.tenantId, title }));
  }

  heard(): Observable<News> {
    const { tenantId } = this;
    return this.news.pipe(filter((news) => news.tenantId === tenantId));
  }
}

/** A view over the invoices, which reads the tenant from the connection. */
@Injectable()
class Ledger extends Tables {
  @Inject(POOL) private readonly connections!: pg.Pool;

  async entries(): Promise<Row[]> {
    const client = await this.connections.connect();
    try {
      await this.prepare(client);
      const { rows } = await client.query(
        `select id, customer from invoice where tenant_id = current_setting('ledger.tenant')`,
      );
      return rows;
    } finally {
      client.release();
    }
  }

  protected async prepare(client: pg.PoolClient): Promise<void> {
    await client.query(`select set_config('ledger.tenant', $1, false)`, [this.tenantId]);
  }
}

@Controller()
class CommonController {
  constructor(
    @Inject(Preferences) private readonly preferences: Preferences,
    @Inject(Notes) private readonly notes: Notes,
    @Inject(Diagnostics) private readonly diagnostics: Diagnostics,
    @Inject(Sitemap) private readonly sitemap: Sitemap,
    @Inject(Interviews) private readonly interviews: Interviews,
    @Inject(Quota) private readonly quota: Quota,
    @Inject(Announcements) private readonly announcements: Announcements,
    @Inject(Ledger) private readonly ledger: Ledger,
  ) {}

  @Get('preferences')
  get() {
    return this.preferences.get();
  }

  @Patch('preferences')
  change(@Body() body: PreferencesBody) {
    return this.preferences.change(body);
  }

  @Post('notes/archive')
  archive(@Body() { ids }: IdsBody) {
    return this.notes.archive(ids);
  }

  @Get('candidates/:id')
  find(@Param('id') id: string) {
    return this.diagnostics.find(id);
  }

  @Get('diagnostics')
  statements() {
    return this.diagnostics.statements();
  }

  @Get('sitemap.xml')
  @Header('content-type', 'application/xml')
  xml() {
    return this.sitemap.xml();
  }

  @Post('interviews')
  assign() {
    return this.interviews.assign();
  }

  @Get('quota')
  left() {
    return this.quota.left();
  }

  @Post('jobs/:id/announce')
  @HttpCode(204)
  announce(@Param('id') id: string) {
    return this.announcements.announce(id);
  }

  @Sse('jobs/announced')
  announced(): Observable<MessageEvent> {
    return this.announcements.heard().pipe(map(({ title }) => ({ data: { title } })));
  }

  @Get('ledger')
  entries() {
    return this.ledger.entries();
  }
}

/** Each tenant has a page of its own, which calls its own host. */
function allowPages(app: INestApplication, isAllowed: (origin: string, host: string) => boolean): void {
  app.useGlobalPipes(new ValidationPipe());
  app.enableCors((request: { headers: Record<string, string> }, callback: (error: null, options: object) => void) => {
    const { origin = '', host = '' } = request.headers;
    callback(null, { origin: isAllowed(origin, host), credentials: true });
  });
}

export const commonThings: Twins = {
  about: 'Things that all have in common',
  correct: {
    controllers: [CommonController],
    providers: [Preferences, Notes, Diagnostics, Sitemap, Interviews, Quota, Announcements, Ledger],
    configure: (app) => allowPages(app, (origin, host) => origin === `https://${host}`),
  },
  examples: {
    'POST /notes/archive': ({ note }) => ({ body: { ids: [note.id] } }),
    'GET /jobs/announced': ({ job }) => ({
      meanwhile: async (client) => {
        await sleep(20);
        await client.post(`/jobs/${job.id}/announce`);
      },
    }),
  },
  leaks: [
    {
      name: 'defaults that are changed with the preferences of one',
      entrance: 'PATCH /preferences',
      leaky: instead(
        Preferences,
        class extends Preferences {
          protected override merge(before: Row, changes: PreferencesBody) {
            return Object.assign(before, changes);
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.patch('/preferences', { signature: theirs.note.body });
        return shows((await acme.get('/preferences')).body);
      },
    },
    {
      name: 'an empty list that means everything',
      entrance: 'POST /notes/archive',
      leaky: instead(
        Notes,
        class extends Notes {
          protected override archiveAll(ids: readonly string[]) {
            if (ids.length > 0) return super.archiveAll(ids);
            return this.many('update note set deleted_at = now() where deleted_at is null returning id');
          }
        },
      ),
      byHand: ({ acme, harms }) => harms(() => acme.post('/notes/archive', { ids: [] })),
    },
    {
      name: 'statements of all tenants, with the values in them',
      entrance: 'GET /diagnostics',
      leaky: instead(
        Diagnostics,
        class extends Diagnostics {
          protected override own() {
            return this.seen;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.get(`/candidates/${theirs.candidate.id}`);
        return shows((await acme.get('/diagnostics')).body);
      },
    },
    {
      name: 'a map of the site with the pages of all tenants',
      entrance: 'GET /sitemap.xml',
      leaky: instead(
        Sitemap,
        class extends Sitemap {
          protected override jobs() {
            return this.many(`select title from job where status = 'open'`);
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.get('/sitemap.xml')).text),
    },
    {
      name: 'turns that all tenants take together',
      entrance: 'POST /interviews',
      leaky: instead(
        Interviews,
        class extends Interviews {
          protected override queue() {
            return 'interviews';
          }
        },
      ),
      byHand: async ({ acme, globex }) => {
        const turn = async () => ((await acme.post('/interviews')).body as Row)['turn'];
        const before = await turn();
        await globex.post('/interviews');
        return (await turn()) !== before + 1;
      },
    },
    {
      name: 'a quota that all tenants use up',
      entrance: 'GET /quota',
      leaky: instead(
        Quota,
        class extends Quota {
          protected override used() {
            return this.one(
              `select (select count(*) from note where tenant_id = $1)::int
                    + (select count(*) from application)::int as used`,
              this.tenantId,
            );
          }
        },
      ),
      byHand: async ({ acme, plantTheirs }) => {
        const before = (await acme.get('/quota')).text;
        await plantTheirs();
        return (await acme.get('/quota')).text !== before;
      },
    },
    {
      name: 'notifications of the database, heard by all',
      entrance: 'GET /jobs/announced',
      leaky: instead(
        Announcements,
        class extends Announcements {
          override heard() {
            return this.news.asObservable();
          }
        },
      ),
      byHand: ({ acme, globex, theirs, shows }) =>
        again(async () => {
          const announcing = sleep(50).then(() => globex.post(`/jobs/${theirs.job.id}/announce`));
          const [answer] = await Promise.all([acme.get('/jobs/announced'), announcing]);
          return shows(answer.text);
        }),
    },
    {
      name: 'a connection that is prepared once, for whoever had it first',
      entrance: 'GET /ledger',
      leaky: instead(
        Ledger,
        class extends Ledger {
          readonly #prepared = new WeakSet<pg.PoolClient>();

          protected override async prepare(client: pg.PoolClient) {
            if (!this.#prepared.has(client)) await super.prepare(client);
            this.#prepared.add(client);
          }
        },
      ),
      byHand: async ({ acme, globex, shows }) => {
        await globex.get('/ledger');
        return shows((await acme.get('/ledger')).body);
      },
    },
    {
      name: 'pages of any tenant that may read with the credentials of a visitor',
      entrance: 'GET /ledger',
      leaky: { configure: (app) => allowPages(app, (origin) => origin.endsWith('.localhost')) },
      byHand: async ({ globex, shows }) => {
        const { headers, body } = await globex.get('/ledger', { headers: { origin: 'https://acme.localhost' } });
        const isReadable =
          headers['access-control-allow-origin'] === 'https://acme.localhost' &&
          headers['access-control-allow-credentials'] === 'true';
        return isReadable && shows(body);
      },
    },
  ],
};
