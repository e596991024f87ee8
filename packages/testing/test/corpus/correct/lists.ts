import { randomUUID } from 'node:crypto';
import {
  BadRequestException,
  Controller,
  DefaultValuePipe,
  Get,
  Injectable,
  Param,
  ParseArrayPipe,
  ParseBoolPipe,
  ParseEnumPipe,
  ParseIntPipe,
  Post,
  Query,
  ValidationPipe,
} from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { type Application, Db } from './application.js';

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
};

class PageQuery {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  page = 1;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit = 20;

  @IsOptional()
  @IsIn(['name', 'created_at'])
  sort: 'name' | 'created_at' = 'created_at';

  @IsOptional()
  @IsIn(['asc', 'desc'])
  order: 'asc' | 'desc' = 'desc';
}

@Controller('members')
class Members {
  constructor(private readonly db: Db) {}

  @Get()
  async list(@Query() { page, limit, sort, order }: PageQuery) {
    const data = await this.db.many(
      `select id, name, created_at from member where tenant_id = $1 order by ${sort} ${order}, id limit $2 offset $3`,
      this.db.tenantId,
      limit,
      (page - 1) * limit,
    );
    const { total } = await this.db.one(
      'select count(*)::int as total from member where tenant_id = $1',
      this.db.tenantId,
    );
    return { data, meta: { page, limit, total, pages: Math.ceil(total / limit) } };
  }
}

const offsetPages: Application = {
  name: 'members in pages with a total, sorted as one likes',
  schema: `create table member (id uuid primary key, tenant_id text not null, name text not null, created_at timestamptz not null default now());`,
  controllers: [Members],
  configure: validated,
  cleans: true,
  seed: async (tenant, { canary, db }) => {
    const member = { id: randomUUID(), name: canary('name') };
    await db.many('insert into member values ($1, $2, $3)', member.id, tenant.id, member.name);
    return { member };
  },
  works: (client) => [client.get('/members'), client.get('/members?page=2&limit=1&sort=name&order=asc')],
};

interface Cursor {
  readonly at: string;
  readonly id: number;
}

@Controller('activity')
class Activity {
  constructor(private readonly db: Db) {}

  @Get()
  async list(@Query('cursor') cursor?: string, @Query('limit', new DefaultValuePipe(2), ParseIntPipe) limit = 2) {
    const after = cursor === undefined ? { at: 'infinity', id: 0 } : this.parsed(cursor);
    const size = Math.min(Math.max(limit, 1), 50);
    const rows = await this.db.many(
      `select id, action, at::text from activity where tenant_id = $1 and (at, id) < ($2::timestamptz, $3::int)
       order by at desc, id desc limit $4`,
      this.db.tenantId,
      after.at,
      after.id,
      size + 1,
    );
    const items = rows.slice(0, size);
    const last = items.at(-1);
    const next = rows.length > size && last ? this.cursorOf(last as Cursor) : null;
    return { items, next };
  }

  private cursorOf({ at, id }: Cursor): string {
    return Buffer.from(JSON.stringify({ at, id })).toString('base64url');
  }

  private parsed(cursor: string): Cursor {
    try {
      const { at, id } = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as Cursor;
      if (Number.isInteger(id) && !Number.isNaN(Date.parse(at))) return { at, id };
    } catch {
      // As below.
    }
    throw new BadRequestException('cursor is not one of ours');
  }
}

const cursors: Application = {
  name: 'activity by a cursor of time and id',
  schema: `create table activity (id serial primary key, tenant_id text not null, action text not null, at timestamptz not null default clock_timestamp());`,
  controllers: [Activity],
  seed: async (tenant, { canary, db }) => {
    const action = canary('action');
    const { id } = await db.one(
      'insert into activity (tenant_id, action) values ($1, $2) returning id',
      tenant.id,
      action,
    );
    return { activity: { id, action } };
  },
  works: (client) => [client.get('/activity'), client.get('/activity?limit=1')],
};

@Controller('articles')
class Articles {
  constructor(private readonly db: Db) {}

  @Get('search')
  async search(@Query('q') q = '') {
    if (!q.trim()) return { hits: [] };
    const hits = await this.db.many(
      `select id, title, ts_rank(words, plainto_tsquery('simple', $2)) as score from article
       where tenant_id = $1 and words @@ plainto_tsquery('simple', $2) order by score desc, id limit 10`,
      this.db.tenantId,
      q,
    );
    return { hits };
  }

  @Get('suggest')
  suggest(@Query('prefix') prefix = '') {
    return this.db.many(
      `select title from article where tenant_id = $1 and title ilike $2 || '%' order by title limit 5`,
      this.db.tenantId,
      prefix.replace(/[%_\\]/g, '\\$&'),
    );
  }
}

const search: Application = {
  name: 'full text search and suggestions',
  schema: `create table article (id serial primary key, tenant_id text not null, title text not null,
    words tsvector generated always as (to_tsvector('simple', title)) stored);`,
  controllers: [Articles],
  examples: {
    'GET /articles/search': ({ article }) => ({ query: { q: article.title } }),
    'GET /articles/suggest': ({ article }) => ({ query: { prefix: article.title.slice(0, 8) } }),
  },
  seed: async (tenant, { canary, db }) => {
    const title = canary('title');
    const { id } = await db.one(
      'insert into article (tenant_id, title) values ($1, $2) returning id',
      tenant.id,
      title,
    );
    return { article: { id, title } };
  },
  works: (client, { article }) => [
    client.get('/articles/search', { query: { q: article.title } }),
    client.get('/articles/suggest?prefix=c'),
  ],
};

enum Status {
  open = 'open',
  won = 'won',
  lost = 'lost',
}

@Controller('deals')
class Deals {
  constructor(private readonly db: Db) {}

  @Get()
  list(
    @Query('status', new ParseEnumPipe(Status, { optional: true })) status?: Status,
    @Query('archived', new DefaultValuePipe(false), ParseBoolPipe) archived = false,
    @Query('min', new ParseIntPipe({ optional: true })) min?: number,
    @Query('tags', new ParseArrayPipe({ optional: true, items: String })) tags?: string[],
  ) {
    return this.db.many(
      `select id, name, status, amount, tags from deal
       where tenant_id = $1 and archived = $2 and ($3::text is null or status = $3) and ($4::int is null or amount >= $4)
         and ($5::text[] is null or tags && $5) order by id`,
      this.db.tenantId,
      archived,
      status ?? null,
      min ?? null,
      tags ?? null,
    );
  }

  @Get('by-status')
  async board() {
    const rows = await this.db.many(
      'select status, count(*)::int as deals, sum(amount)::int as amount from deal where tenant_id = $1 group by status',
      this.db.tenantId,
    );
    return Object.fromEntries(
      Object.values(Status).map((status) => {
        const { deals = 0, amount = 0 } = rows.find((row) => row.status === status) ?? {};
        return [status, { deals, amount }];
      }),
    );
  }
}

const filters: Application = {
  name: 'deals with filters, and a board of their sums',
  schema: `create table deal (id serial primary key, tenant_id text not null, name text not null, status text not null default 'open',
    amount int not null, tags text[] not null default '{hot}', archived boolean not null default false);`,
  controllers: [Deals],
  seed: async (tenant, { canary, round, db }) => {
    const deal = { name: canary('name'), amount: 100 * round + (tenant.slug === 'acme' ? 7 : 11) };
    const { id } = await db.one(
      'insert into deal (tenant_id, name, amount) values ($1, $2, $3) returning id',
      tenant.id,
      deal.name,
      deal.amount,
    );
    return { deal: { id, ...deal } };
  },
  works: (client) => [
    client.get('/deals?status=open&min=1&tags=hot,new'),
    client.get('/deals/by-status'),
    client.get('/deals?archived=true'),
  ],
};

/** Nobody has written a review yet. */
@Controller('reviews')
class Reviews {
  constructor(private readonly db: Db) {}

  @Get()
  list() {
    return this.db.many('select id, stars, comment from review where tenant_id = $1 order by id', this.db.tenantId);
  }

  @Get('average')
  async average() {
    const { stars, count } = await this.db.one(
      'select avg(stars)::float as stars, count(*)::int as count from review where tenant_id = $1',
      this.db.tenantId,
    );
    return { stars, count };
  }
}

const emptyLists: Application = {
  name: 'reviews, of which there are none yet',
  schema: `create table review (id serial primary key, tenant_id text not null, stars int not null, comment text);
    create table shop (id uuid primary key, tenant_id text not null, name text not null);`,
  controllers: [Reviews],
  examples: {
    'GET /reviews': { answersNothing: 'there are no reviews yet' },
    'GET /reviews/average': { answersNothing: 'there are no reviews yet' },
  },
  seed: async (tenant, { canary, db }) => {
    const shop = { id: randomUUID(), name: canary('name') };
    await db.many('insert into shop values ($1, $2, $3)', shop.id, tenant.id, shop.name);
    return { shop };
  },
  works: (client) => [client.get('/reviews'), client.get('/reviews/average')],
};

@Controller('folders')
class Folders {
  constructor(private readonly db: Db) {}

  @Get('tree')
  async tree() {
    const rows = await this.db.many(
      'select id, parent_id, name from folder where tenant_id = $1 order by id',
      this.db.tenantId,
    );
    const below = (parent: string | null): object[] =>
      rows.filter((row) => row.parent_id === parent).map(({ id, name }) => ({ id, name, children: below(id) }));
    return below(null);
  }

  @Get(':id/path')
  path(@Param('id') id: string) {
    return this.db.many(
      `with recursive up as (
         select id, parent_id, name, 0 as depth from folder where id::text = $1 and tenant_id = $2
         union all select f.id, f.parent_id, f.name, depth + 1 from folder f join up on f.id = up.parent_id and f.tenant_id = $2)
       select id, name from up order by depth desc`,
      id,
      this.db.tenantId,
    );
  }
}

const trees: Application = {
  name: 'folders as a tree and as a path',
  schema: `create table folder (id uuid primary key, tenant_id text not null, parent_id uuid, name text not null);`,
  controllers: [Folders],
  seed: async (tenant, { canary, db }) => {
    const root = { id: randomUUID(), name: canary('root') };
    const folder = { id: randomUUID(), parentId: root.id, name: canary('name') };
    await db.many('insert into folder values ($1, $2, null, $3)', root.id, tenant.id, root.name);
    await db.many('insert into folder values ($1, $2, $3, $4)', folder.id, tenant.id, root.id, folder.name);
    return { root, folder };
  },
  works: (client, { folder }) => [client.get('/folders/tree'), client.get(`/folders/${folder.id}/path`)],
};

/** A hundred bytes in each of ten thousand lines. */
@Controller('ledger')
class Ledger {
  constructor(private readonly db: Db) {}

  @Get()
  async whole() {
    const entries = await this.db.many(
      'select id, memo from booking where tenant_id = $1 order by id',
      this.db.tenantId,
    );
    const filler = Array.from({ length: 10_000 }, (_, line) => ({ line, text: 'carried forward '.repeat(6) }));
    return { entries, filler };
  }
}

const bigAnswers: Application = {
  name: 'a ledger of one megabyte',
  schema: 'create table booking (id serial primary key, tenant_id text not null, memo text not null);',
  controllers: [Ledger],
  cleans: true,
  seed: async (tenant, { canary, db }) => {
    const memo = canary('memo');
    const { id } = await db.one('insert into booking (tenant_id, memo) values ($1, $2) returning id', tenant.id, memo);
    return { booking: { id, memo } };
  },
  works: (client) => [client.get('/ledger')],
};

@Injectable()
class Viewed {
  readonly #last = new Map<string, string[]>();

  constructor(private readonly db: Db) {}

  note(id: string): void {
    const own = this.#last.get(this.db.tenantId) ?? [];
    this.#last.set(this.db.tenantId, [id, ...own.filter((other) => other !== id)].slice(0, 5));
  }

  get last(): readonly string[] {
    return this.#last.get(this.db.tenantId) ?? [];
  }
}

@Controller('recipes')
class Recipes {
  constructor(
    private readonly db: Db,
    private readonly viewed: Viewed,
  ) {}

  @Get('recent')
  async recent() {
    const rows = await this.db.many(
      'select id, name from recipe where tenant_id = $1 and id::text = any($2)',
      this.db.tenantId,
      this.viewed.last,
    );
    return this.viewed.last.map((id) => rows.find((row) => row.id === id)).filter(Boolean);
  }

  @Get(':id')
  async find(@Param('id') id: string) {
    const recipe = await this.db.one(
      'select id, name from recipe where id::text = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
    this.viewed.note(id);
    return recipe;
  }
}

const recentlyViewed: Application = {
  name: 'recipes that were viewed last at the company',
  schema: 'create table recipe (id uuid primary key, tenant_id text not null, name text not null);',
  controllers: [Recipes],
  providers: [Viewed],
  seed: async (tenant, { canary, client, db }) => {
    const recipe = { id: randomUUID(), name: canary('name') };
    await db.many('insert into recipe values ($1, $2, $3)', recipe.id, tenant.id, recipe.name);
    await client.get(`/recipes/${recipe.id}`);
    return { recipe };
  },
  works: (client, { recipe }) => [client.get('/recipes/recent'), client.get(`/recipes/${recipe.id}`)],
};

@Controller('videos')
class Videos {
  constructor(private readonly db: Db) {}

  @Get('popular')
  popular() {
    return this.db.many(
      'select id, title, plays, rank() over (order by plays desc)::int from video where tenant_id = $1 order by plays desc, id limit 10',
      this.db.tenantId,
    );
  }

  @Post(':id/plays')
  play(@Param('id', ParseIntPipe) id: number) {
    return this.db.one(
      'update video set plays = plays + 1 where id = $1 and tenant_id = $2 returning id, plays',
      id,
      this.db.tenantId,
    );
  }

  @Get('random')
  random() {
    return this.db.one('select id, title from video where tenant_id = $1 order by random() limit 1', this.db.tenantId);
  }
}

const ranks: Application = {
  name: 'videos by their plays, and one at random',
  schema:
    'create table video (id serial primary key, tenant_id text not null, title text not null, plays int not null default 0);',
  controllers: [Videos],
  seed: async (tenant, { canary, db }) => {
    const title = canary('title');
    const { id } = await db.one('insert into video (tenant_id, title) values ($1, $2) returning id', tenant.id, title);
    return { video: { id, title } };
  },
  works: (client, { video }) => [
    client.get('/videos/popular'),
    client.post(`/videos/${video.id}/plays`),
    client.get('/videos/random'),
  ],
};

@Controller()
class Bookmarks {
  constructor(private readonly db: Db) {}

  @Get('tags')
  tags() {
    return this.db.many(
      `select t.name, count(bt.*)::int as bookmarks from tag t left join bookmark_tag bt on bt.tenant_id = t.tenant_id and bt.tag = t.name
       where t.tenant_id = $1 group by t.name order by 2 desc, 1`,
      this.db.tenantId,
    );
  }

  @Get('tags/:name/bookmarks')
  tagged(@Param('name') name: string) {
    return this.db.many(
      `select b.id, b.url from bookmark b join bookmark_tag bt on bt.bookmark_id = b.id and bt.tenant_id = b.tenant_id
       where b.tenant_id = $1 and bt.tag = $2 order by b.id`,
      this.db.tenantId,
      name,
    );
  }
}

const tags: Application = {
  name: 'bookmarks with tags of the same names everywhere',
  schema: `create table bookmark (id serial primary key, tenant_id text not null, url text not null);
    create table tag (tenant_id text, name text, primary key (tenant_id, name));
    create table bookmark_tag (tenant_id text, bookmark_id int, tag text, primary key (tenant_id, bookmark_id, tag));`,
  controllers: [Bookmarks],
  examples: { 'GET /tags/:name/bookmarks': { path: { name: 'to-read' } } },
  seed: async (tenant, { canary, db }) => {
    const url = `https://${canary('url')}.example/`;
    const { id } = await db.one('insert into bookmark (tenant_id, url) values ($1, $2) returning id', tenant.id, url);
    await db.many(`insert into tag values ($1, 'to-read'), ($1, 'later') on conflict do nothing`, tenant.id);
    await db.many(`insert into bookmark_tag values ($1, $2, 'to-read')`, tenant.id, id);
    return { bookmark: { id, url } };
  },
  works: (client) => [client.get('/tags'), client.get('/tags/to-read/bookmarks')],
};

export const lists: readonly Application[] = [
  offsetPages,
  cursors,
  search,
  filters,
  emptyLists,
  trees,
  bigAnswers,
  recentlyViewed,
  ranks,
  tags,
];
