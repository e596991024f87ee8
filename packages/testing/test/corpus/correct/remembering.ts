import { randomUUID } from 'node:crypto';
import { CACHE_MANAGER } from '@nestjs/cache-manager';
import {
  Body,
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  HttpException,
  Inject,
  Injectable,
  type NestInterceptor,
  Param,
  ParseUUIDPipe,
  Post,
  Put,
  Scope,
  ServiceUnavailableException,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Throttle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import type { Cache } from 'cache-manager';
import { IsString } from 'class-validator';
import DataLoader from 'dataloader';
import { type Observable, of, tap } from 'rxjs';
import { SignedInGuard } from '../hiring-application.js';
import { RawCacheModule } from '../raw-cache.js';
import { type Application, Db } from './application.js';

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
};

const OFFERS =
  'create table offer (id uuid primary key, tenant_id text not null, title text not null, author_id uuid, views int not null default 0);';

const plantOffer: Application['seed'] = async (tenant, { canary, db }) => {
  const offer = { id: randomUUID(), title: canary('title') };
  await db.many('insert into offer (id, tenant_id, title) values ($1, $2, $3)', offer.id, tenant.id, offer.title);
  return { offer };
};

class NewOffer {
  @IsString()
  title!: string;
}

@Controller('offers')
class CachedOffers {
  constructor(
    private readonly db: Db,
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
  ) {}

  @Get()
  list() {
    return this.cache.wrap(
      `offers:${this.db.tenantId}`,
      () => this.db.many('select id, title from offer where tenant_id = $1 order by id', this.db.tenantId),
      60_000,
    );
  }

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    const { tenantId } = this.db;
    return this.cache.wrap(
      `offer:${tenantId}:${id}`,
      () => this.db.one('select id, title from offer where id = $1 and tenant_id = $2', id, tenantId),
      60_000,
    );
  }

  @Put(':id')
  async rename(@Param('id', ParseUUIDPipe) id: string, @Body() { title }: NewOffer) {
    const { tenantId } = this.db;
    const offer = await this.db.one(
      'update offer set title = $3 where id = $1 and tenant_id = $2 returning id, title',
      id,
      tenantId,
      title,
    );
    await this.cache.mdel([`offers:${tenantId}`, `offer:${tenantId}:${id}`]);
    return offer;
  }
}

const cacheManager: Application = {
  name: 'offers in cache-manager, by tenant, forgotten when they change',
  schema: OFFERS,
  imports: [RawCacheModule.register()],
  controllers: [CachedOffers],
  configure: validated,
  seed: plantOffer,
  works: async (client, { offer }) => [
    await client.get('/offers'),
    await client.get(`/offers/${offer.id}`),
    await client.put(`/offers/${offer.id}`, { title: 'Lamp' }),
    await client.get('/offers'),
  ],
};

/** Lists may be a third of a second old. */
@Injectable()
class ShortCache {
  readonly #kept = new Map<string, { readonly until: number; readonly value: Promise<unknown> }>();

  constructor(private readonly db: Db) {}

  get<T>(name: string, load: () => Promise<T>): Promise<T> {
    const key = JSON.stringify([this.db.tenantId, name]);
    const kept = this.#kept.get(key);
    if (kept && kept.until > Date.now()) return kept.value as Promise<T>;
    const value = load();
    value.catch(() => this.#kept.delete(key));
    this.#kept.set(key, { until: Date.now() + 300, value });
    return value;
  }
}

@Controller('offers')
class ShortlyCachedOffers {
  constructor(
    private readonly db: Db,
    private readonly cache: ShortCache,
  ) {}

  @Get()
  list() {
    return this.cache.get('list', () =>
      this.db.many('select id, title from offer where tenant_id = $1 order by id', this.db.tenantId),
    );
  }

  @Get('count')
  count() {
    return this.cache.get('count', () =>
      this.db.one('select count(*)::int from offer where tenant_id = $1', this.db.tenantId),
    );
  }

  @Post()
  create(@Body() { title }: NewOffer) {
    return this.db.one(
      'insert into offer (id, tenant_id, title) values ($1, $2, $3) returning id, title',
      randomUUID(),
      this.db.tenantId,
      title,
    );
  }
}

const shortTtl: Application = {
  name: 'lists that are remembered for 300 milliseconds, by tenant',
  schema: OFFERS,
  controllers: [ShortlyCachedOffers],
  providers: [ShortCache],
  configure: validated,
  seed: plantOffer,
  works: (client) => [client.get('/offers'), client.get('/offers/count'), client.post('/offers', { title: 'Lamp' })],
};

/** Answers by tenant and URL. */
@Injectable()
class AnswerCache implements NestInterceptor {
  readonly #kept = new Map<string, unknown>();

  constructor(private readonly db: Db) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { url } = context.switchToHttp().getRequest<{ url: string }>();
    const key = `${this.db.tenantId} ${url}`;
    if (this.#kept.has(key)) return of(this.#kept.get(key));
    return next.handle().pipe(
      tap((answer) => {
        this.#kept.set(key, answer);
        setTimeout(() => this.#kept.delete(key), 100).unref();
      }),
    );
  }
}

@UseInterceptors(AnswerCache)
@Controller('dashboard')
class Dashboard {
  constructor(private readonly db: Db) {}

  @Get()
  async show() {
    const newest = await this.db.many(
      'select title from offer where tenant_id = $1 order by id limit 3',
      this.db.tenantId,
    );
    return { newest, generatedAt: new Date().toISOString() };
  }

  @Get('offers/:id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    return this.db.one('select id, title from offer where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }
}

const answerCache: Application = {
  name: 'an interceptor that remembers answers by tenant and URL',
  schema: OFFERS,
  controllers: [Dashboard],
  providers: [AnswerCache],
  seed: plantOffer,
  works: (client, { offer }) => [client.get('/dashboard'), client.get(`/dashboard/offers/${offer.id}`)],
};

@Injectable({ scope: Scope.REQUEST })
class Authors {
  readonly #loader: DataLoader<string, string | null>;

  constructor(db: Db) {
    this.#loader = new DataLoader(async (ids) => {
      const rows = await db.many(
        'select id, name from author where tenant_id = $1 and id::text = any($2)',
        db.tenantId,
        ids,
      );
      return ids.map((id) => rows.find((row) => row.id === id)?.name ?? null);
    });
  }

  nameOf(id: string): Promise<string | null> {
    return this.#loader.load(id);
  }
}

@Controller('posts')
class Posts {
  constructor(
    private readonly db: Db,
    private readonly authors: Authors,
  ) {}

  @Get()
  async list() {
    const rows = await this.db.many(
      'select id, title, author_id from offer where tenant_id = $1 order by id',
      this.db.tenantId,
    );
    return Promise.all(
      rows.map(async ({ id, title, author_id }) => ({ id, title, author: await this.authors.nameOf(author_id) })),
    );
  }

  @Get(':id')
  async find(@Param('id', ParseUUIDPipe) id: string) {
    const { title, author_id } = await this.db.one(
      'select title, author_id from offer where id = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
    return { id, title, author: await this.authors.nameOf(author_id) };
  }
}

const dataLoader: Application = {
  name: 'a DataLoader for each request',
  schema: `${OFFERS} create table author (id uuid primary key, tenant_id text not null, name text not null);`,
  controllers: [Posts],
  providers: [Authors],
  cleans: true,
  seed: async (tenant, { canary, db }) => {
    const author = { id: randomUUID(), name: canary('name') };
    const post = { id: randomUUID(), title: canary('title'), authorId: author.id };
    await db.many('insert into author values ($1, $2, $3)', author.id, tenant.id, author.name);
    await db.many(
      'insert into offer (id, tenant_id, title, author_id) values ($1, $2, $3, $4)',
      post.id,
      tenant.id,
      post.title,
      author.id,
    );
    return { author, post };
  },
  works: (client, { post }) => [client.get('/posts'), client.get(`/posts/${post.id}`)],
};

/** Settings are read once for each tenant, and the first request waits for that. */
@Injectable()
class Branding {
  readonly #read = new Map<string, Promise<{ colour: string; readAt: string }>>();

  of(tenantId: string) {
    const known = this.#read.get(tenantId);
    if (known) return known;
    const reading = new Promise<{ colour: string; readAt: string }>((resolve) =>
      setTimeout(() => resolve({ colour: '#336699', readAt: new Date().toISOString() }), 20),
    );
    this.#read.set(tenantId, reading);
    return reading;
  }

  knows(tenantId: string): boolean {
    return this.#read.has(tenantId);
  }
}

@Controller()
class FirstCalls {
  readonly #calls = new Map<string, number>();

  constructor(
    private readonly db: Db,
    private readonly branding: Branding,
  ) {}

  @Get('start')
  async start() {
    const isFirst = !this.branding.knows(this.db.tenantId);
    const { colour } = await this.branding.of(this.db.tenantId);
    const offers = await this.db.many('select title from offer where tenant_id = $1 order by id', this.db.tenantId);
    return isFirst ? { tour: ['welcome', 'invite'], colour, offers } : { colour, offers };
  }

  @Get('visits')
  visits() {
    const calls = (this.#calls.get(this.db.tenantId) ?? 0) + 1;
    this.#calls.set(this.db.tenantId, calls);
    return { seenByYou: calls, isFirst: calls === 1 };
  }
}

const firstCall: Application = {
  name: 'a tour at the first call of each company, and counted visits',
  schema: OFFERS,
  controllers: [FirstCalls],
  providers: [Branding],
  examples: { 'GET /visits': { answersNothing: 'how often the company has called' } },
  seed: plantOffer,
  works: (client) => [client.get('/start'), client.get('/visits'), client.get('/start')],
};

@Controller('offers')
class SeenOffers {
  constructor(private readonly db: Db) {}

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    return this.db.one(
      'update offer set views = views + 1 where id = $1 and tenant_id = $2 returning id, title, views as "seenByYou"',
      id,
      this.db.tenantId,
    );
  }

  @Get()
  most() {
    return this.db.many(
      'select title, views from offer where tenant_id = $1 order by views desc, id limit 10',
      this.db.tenantId,
    );
  }
}

const seen: Application = {
  name: 'offers that count how often they were seen',
  schema: OFFERS,
  controllers: [SeenOffers],
  seed: plantOffer,
  works: (client, { offer }) => [client.get(`/offers/${offer.id}`), client.get('/offers')],
};

/** So many requests a second for each tenant, and no more. */
@Injectable()
class TenantThrottler extends ThrottlerGuard {
  @Inject(Db) private readonly db!: Db;

  protected override async getTracker(): Promise<string> {
    return this.db.tenantId;
  }
}

@Controller('offers')
class ThrottledOffers {
  constructor(private readonly db: Db) {}

  @Get()
  list() {
    return this.db.many('select id, title from offer where tenant_id = $1 order by id', this.db.tenantId);
  }

  @Throttle({ default: { limit: 8, ttl: 1_000 } })
  @Post()
  create(@Body() { title }: NewOffer) {
    return this.db.one(
      'insert into offer (id, tenant_id, title) values ($1, $2, $3) returning id, title',
      randomUUID(),
      this.db.tenantId,
      title,
    );
  }
}

const throttledByTenant: Application = {
  name: 'Throttler by tenant',
  schema: OFFERS,
  imports: [ThrottlerModule.forRoot([{ ttl: 1_000, limit: 100 }])],
  controllers: [ThrottledOffers],
  guards: [
    { provide: APP_GUARD, useClass: SignedInGuard },
    { provide: APP_GUARD, useClass: TenantThrottler },
  ],
  configure: validated,
  seed: plantOffer,
  works: (client) => [client.get('/offers'), client.post('/offers', { title: 'Lamp' })],
};

const throttledByAddress: Application = {
  ...throttledByTenant,
  name: 'Throttler as it comes, by address',
  guards: [
    { provide: APP_GUARD, useClass: SignedInGuard },
    { provide: APP_GUARD, useClass: ThrottlerGuard },
  ],
};

/** After three failures the supplier of this tenant is left alone for a while. */
@Injectable()
class Breakers {
  readonly #failures = new Map<string, number>();

  async call<T>(name: string, work: () => Promise<T>): Promise<T> {
    if ((this.#failures.get(name) ?? 0) >= 3) throw new ServiceUnavailableException('the supplier is being left alone');
    try {
      const answer = await work();
      this.#failures.delete(name);
      return answer;
    } catch (error) {
      this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1);
      if (error instanceof HttpException) throw error;
      throw new HttpException('the supplier does not answer', 502);
    }
  }
}

@Controller('stock')
class SupplierStock {
  constructor(
    private readonly db: Db,
    private readonly breakers: Breakers,
  ) {}

  @Get()
  stock() {
    return this.breakers.call(this.db.tenantId, () =>
      this.db.many('select id, title, views as stock from offer where tenant_id = $1 order by id', this.db.tenantId),
    );
  }

  @Post('sync')
  sync() {
    return this.breakers.call(this.db.tenantId, async () => {
      for (let attempt = 1; ; attempt++) {
        const [changed] = await this.db.many(
          'update offer set views = views + 1 where tenant_id = $1 returning 1',
          this.db.tenantId,
        );
        if (changed || attempt === 3) return { attempt, synced: Boolean(changed) };
      }
    });
  }
}

const breakers: Application = {
  name: 'a circuit breaker for each tenant, and retries',
  schema: OFFERS,
  controllers: [SupplierStock],
  providers: [Breakers],
  seed: plantOffer,
  works: (client) => [client.get('/stock'), client.post('/stock/sync')],
};

export const remembering: readonly Application[] = [
  cacheManager,
  shortTtl,
  answerCache,
  dataLoader,
  firstCall,
  seen,
  throttledByTenant,
  throttledByAddress,
  breakers,
];
