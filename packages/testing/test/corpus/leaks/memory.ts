import { setTimeout as sleep } from 'node:timers/promises';
import { CACHE_MANAGER, type Cache, CacheInterceptor } from '@nestjs/cache-manager';
import {
  Controller,
  type ExecutionContext,
  Get,
  Header,
  Inject,
  Injectable,
  NotFoundException,
  Param,
  UseInterceptors,
} from '@nestjs/common';
import DataLoader from 'dataloader';
import { instead, type Twins } from '../leak.js';
import { RawCacheModule } from '../raw-cache.js';
import { type Row, Tables } from '../tables.js';

@Injectable()
class Jobs extends Tables {
  @Inject(CACHE_MANAGER) protected readonly cache!: Cache;

  cached(): Promise<Row[]> {
    return this.cache.wrap(`jobs of ${this.tenantId}`, () => this.all());
  }

  protected all(): Promise<Row[]> {
    return this.many('select id, title from job where tenant_id = $1', this.tenantId);
  }
}

@Injectable()
class Dashboard extends Tables {
  readonly #loads = new Map<string, Promise<Row[]>>();

  show(): Promise<Row[]> {
    const known = this.#loads.get(this.tenantId) ?? this.load();
    this.#loads.set(this.tenantId, known);
    return known;
  }

  protected load(): Promise<Row[]> {
    return this.many('select id, customer from invoice where tenant_id = $1', this.tenantId);
  }
}

@Injectable()
class Recent extends Tables {
  readonly #recent = new Map<string, Row[]>();

  async view(id: string): Promise<{ job: Row; recent: Row[] }> {
    const job = await this.one('select id, title from job where id = $1 and tenant_id = $2', id, this.tenantId);
    const recent = this.#recent.get(this.tenantId) ?? [];
    this.#recent.set(this.tenantId, [job, ...recent].slice(0, 5));
    return { job, recent };
  }
}

@Injectable()
class Candidates extends Tables {
  readonly #loaders = new Map<string, DataLoader<string, Row | null>>();

  async find(id: string): Promise<Row> {
    const candidate = await this.loader().load(id);
    if (!candidate) throw new NotFoundException();
    return candidate;
  }

  protected loader(): DataLoader<string, Row | null> {
    const known = this.#loaders.get(this.tenantId) ?? this.newLoader(false);
    this.#loaders.set(this.tenantId, known);
    return known;
  }

  protected newLoader(cache: boolean): DataLoader<string, Row | null> {
    const load = async (ids: readonly string[]) => {
      const rows = await this.loadAll(ids);
      return ids.map((id) => rows.find((row) => row['id'] === id) ?? null);
    };
    return new DataLoader(load, { cache, batchScheduleFn: (work) => setTimeout(work, 8) });
  }

  protected loadAll(ids: readonly string[]): Promise<Row[]> {
    return this.many('select id, name from candidate where id = any($1) and tenant_id = $2', ids, this.tenantId);
  }
}

@Injectable()
class Notes extends Tables {
  async mine(): Promise<Row[]> {
    const { tenantId } = this;
    await this.audit();
    return this.many('select id, body from note where tenant_id = $1', tenantId);
  }

  /** Something that is waited for before the rows are read. */
  protected async audit(): Promise<void> {
    await this.one('select 1');
    await sleep(2);
  }
}

@Injectable()
class Statement extends Tables {
  async print(): Promise<string> {
    const rows = await this.many('select customer from invoice where tenant_id = $1', this.tenantId);
    await sleep(2);
    return rows.map(({ customer }) => customer).join('\n');
  }
}

@Injectable()
class TenantCacheInterceptor extends CacheInterceptor {
  protected override trackBy(context: ExecutionContext): string | undefined {
    const { headers } = context.getArgByIndex<{ headers: Record<string, string> }>(0);
    return `${headers['host']} ${headers['authorization']} ${super.trackBy(context)}`;
  }
}

@Controller()
class MemoryController {
  constructor(
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Dashboard) private readonly dashboard: Dashboard,
    @Inject(Recent) private readonly recent: Recent,
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Notes) private readonly notes: Notes,
    @Inject(Statement) private readonly statement: Statement,
  ) {}

  @Get('jobs')
  all() {
    return this.jobs.cached();
  }

  @Get('dashboard')
  show() {
    return this.dashboard.show();
  }

  @Get('jobs/:id')
  view(@Param('id') id: string) {
    return this.recent.view(id);
  }

  @Get('candidates/:id')
  candidate(@Param('id') id: string) {
    return this.candidates.find(id);
  }

  @Get('notes')
  mine() {
    return this.notes.mine();
  }

  @Get('statement')
  @Header('content-type', 'text/plain')
  print() {
    return this.statement.print();
  }
}

@Controller('report')
class ReportController extends Tables {
  @Get()
  @UseInterceptors(TenantCacheInterceptor)
  report() {
    return this.many('select id, letter from application where tenant_id = $1', this.tenantId);
  }
}

@Controller('report')
class LeakyReportController extends Tables {
  @Get()
  @UseInterceptors(CacheInterceptor)
  report() {
    return this.many('select id, letter from application where tenant_id = $1', this.tenantId);
  }
}

// The leak of the name.
let currentTenantId = '';
const everybodysRecent: Row[] = [];

export const memory: Twins = {
  about: 'What the application remembers',
  correct: {
    imports: [RawCacheModule.register()],
    controllers: [MemoryController, ReportController],
    providers: [Jobs, Dashboard, Recent, Candidates, Notes, Statement],
  },
  leaks: [
    {
      name: 'a cache key without the tenant',
      entrance: 'GET /jobs',
      caughtBy: ['warm-cache'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override cached() {
            return this.cache.wrap('jobs', () => this.all());
          }
        },
      ),
      byHand: (scene) => afterGlobex(scene, '/jobs'),
    },
    {
      name: 'a cache of answers by their URL',
      entrance: 'GET /report',
      caughtBy: ['warm-cache'],
      leaky: { controllers: [MemoryController, LeakyReportController] },
      byHand: (scene) => afterGlobex(scene, '/report'),
    },
    {
      name: 'a memoised promise',
      entrance: 'GET /dashboard',
      caughtBy: ['warm-cache'],
      leaky: instead(
        Dashboard,
        class extends Dashboard {
          #load: Promise<Row[]> | undefined;

          override show() {
            this.#load ??= this.load();
            return this.#load;
          }
        },
      ),
      byHand: (scene) => afterGlobex(scene, '/dashboard'),
    },
    {
      name: 'a list of what was viewed last, by anybody',
      entrance: 'GET /jobs/:id',
      caughtBy: ['warm-cache'],
      leaky: instead(
        Recent,
        class extends Recent {
          override async view(id: string) {
            const { job } = await super.view(id);
            const recent = everybodysRecent.slice(0, 5);
            everybodysRecent.unshift(job);
            return { job, recent };
          }
        },
      ),
      byHand: async ({ acme, globex, ours, theirs, shows }) => {
        await globex.get(`/jobs/${theirs.job.id}`);
        return shows(await acme.get(`/jobs/${ours.job.id}`));
      },
    },
    {
      name: 'a data loader that all requests share',
      entrance: 'GET /candidates/:id',
      caughtBy: ['warm-cache'],
      leaky: instead(
        Candidates,
        class extends Candidates {
          readonly #loader = this.newLoader(true);

          protected override loader() {
            return this.#loader;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        await globex.get(`/candidates/${theirs.candidate.id}`);
        return shows(await acme.get(`/candidates/${theirs.candidate.id}`));
      },
    },
    {
      name: 'a batch of look-ups, run as whoever asked first',
      entrance: 'GET /candidates/:id',
      caughtBy: ['interleaved'],
      leaky: instead(
        Candidates,
        class extends Candidates {
          readonly #loader = this.newLoader(false);

          protected override loader() {
            return this.#loader;
          }
        },
      ),
      byHand: async ({ acme, globex, theirs, shows }) => {
        const path = `/candidates/${theirs.candidate.id}`;
        const [, answer] = await Promise.all([globex.get(path), acme.get(path)]);
        return shows(answer);
      },
    },
    {
      name: 'a variable of a module',
      entrance: 'GET /notes',
      caughtBy: ['interleaved'],
      leaky: instead(
        Notes,
        class extends Notes {
          override async mine() {
            currentTenantId = this.tenantId;
            await this.audit();
            return this.many('select id, body from note where tenant_id = $1', currentTenantId);
          }
        },
      ),
      byHand: (scene) => besideGlobex(scene, '/notes'),
    },
    {
      name: 'a field of a singleton that holds the current tenant',
      entrance: 'GET /notes',
      caughtBy: ['interleaved'],
      leaky: instead(
        Notes,
        class extends Notes {
          #tenantId = '';

          override async mine() {
            this.#tenantId = this.tenantId;
            await this.audit();
            return this.many('select id, body from note where tenant_id = $1', this.#tenantId);
          }
        },
      ),
      byHand: (scene) => besideGlobex(scene, '/notes'),
    },
    {
      name: 'a buffer that two requests write to, between an await and the next',
      entrance: 'GET /statement',
      caughtBy: ['interleaved'],
      leaky: instead(
        Statement,
        class extends Statement {
          #lines: string[] = [];

          override async print() {
            this.#lines = [];
            const rows = await this.many('select customer from invoice where tenant_id = $1', this.tenantId);
            this.#lines.push(...rows.map(({ customer }) => customer));
            await sleep(2);
            return this.#lines.join('\n');
          }
        },
      ),
      byHand: (scene) => besideGlobex(scene, '/statement'),
    },
  ],
};

type ByHand = Parameters<Twins['leaks'][number]['byHand']>[0];

async function afterGlobex({ acme, globex, shows }: ByHand, path: string): Promise<boolean> {
  await globex.get(path);
  return shows(await acme.get(path));
}

async function besideGlobex({ acme, globex, shows }: ByHand, path: string): Promise<boolean> {
  for (let n = 0; n < 5; n += 1) {
    const [answer] = await Promise.all([acme.get(path), globex.get(path)]);
    if (shows(answer)) return true;
  }
  return false;
}
