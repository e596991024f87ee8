import { Controller, Get, Inject, Injectable, Param, Query } from '@nestjs/common';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

@Injectable()
class Jobs extends Tables {
  all(): Promise<Row[]> {
    return this.many('select id, title from job where tenant_id = $1', this.tenantId);
  }

  search(query: string): Promise<Row[]> {
    return this.many('select id, title from job where tenant_id = $1 and title ilike $2', this.tenantId, `%${query}%`);
  }

  count(): Promise<Row> {
    return this.one('select count(*)::int from job where tenant_id = $1', this.tenantId);
  }

  async page(): Promise<{ items: Row[]; total: number }> {
    return {
      items: await this.many('select id, title from job where tenant_id = $1 limit 2', this.tenantId),
      total: (await this.one('select count(*)::int from job where tenant_id = $1', this.tenantId))['count'],
    };
  }

  newest(): Promise<Row[]> {
    return this.many('select id, title from job where tenant_id = $1 order by created_at desc limit 3', this.tenantId);
  }

  async rank(id: string): Promise<Row> {
    const { title } = await this.one('select title from job where id = $1 and tenant_id = $2', id, this.tenantId);
    const { rank } = await this.one(
      `select count(*)::int as rank from job where tenant_id = $2
          and created_at >= (select created_at from job where id = $1)`,
      id,
      this.tenantId,
    );
    return { title, rank };
  }

  after(cursor: string): Promise<Row[]> {
    return this.many(
      `select id, title from job where tenant_id = $1
          and created_at >= (select created_at from job where id = $2 and tenant_id = $1) order by created_at limit 3`,
      this.tenantId,
      cursor,
    );
  }

  byCategory(): Promise<Row[]> {
    return this.many('select category, count(*)::int from job where tenant_id = $1 group by 1', this.tenantId);
  }
}

/** Built from the rows of all tenants, as an index of an engine beside the database is. */
@Injectable()
class SearchIndex extends Tables {
  async search(word: string): Promise<Row[]> {
    return (await this.documents(word)).filter((each) => each['tenant_id'] === this.tenantId).map(hit);
  }

  protected documents(word: string): Promise<Row[]> {
    return this.many('select tenant_id, id, letter from application where letter like $1', `%${word}%`);
  }
}

@Injectable()
class Candidates extends Tables {
  suggest(beginning: string): Promise<Row[]> {
    return this.many(
      'select distinct name from candidate where tenant_id = $1 and name like $2 order by 1',
      this.tenantId,
      `${beginning}%`,
    );
  }
}

@Injectable()
class Invoices extends Tables {
  totals(): Promise<Row> {
    return this.one('select sum(amount)::int, avg(amount)::float from invoice where tenant_id = $1', this.tenantId);
  }
}

@Injectable()
class Notes extends Tables {
  all(): Promise<Row[]> {
    return this.many(
      `select n.id, n.body, c.name from note n left join candidate c on c.id = n.candidate_id and c.tenant_id = n.tenant_id
        where n.tenant_id = $1 and n.deleted_at is null`,
      this.tenantId,
    );
  }

  deleted(): Promise<Row[]> {
    return this.many('select id, body from note where tenant_id = $1 and deleted_at is not null', this.tenantId);
  }

  drafts(): Promise<Row[]> {
    return this.many(
      'select id, body from note where tenant_id = $1 and (is_draft or deleted_at is null)',
      this.tenantId,
    );
  }
}

@Controller()
class ListsController {
  constructor(
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(SearchIndex) private readonly index: SearchIndex,
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Invoices) private readonly invoices: Invoices,
    @Inject(Notes) private readonly notes: Notes,
  ) {}

  @Get('jobs')
  all() {
    return this.jobs.all();
  }

  @Get('jobs/search')
  search(@Query('q') query: string) {
    return this.jobs.search(query);
  }

  @Get('jobs/count')
  count() {
    return this.jobs.count();
  }

  @Get('jobs/page')
  page() {
    return this.jobs.page();
  }

  @Get('jobs/newest')
  newest() {
    return this.jobs.newest();
  }

  @Get('jobs/by-category')
  byCategory() {
    return this.jobs.byCategory();
  }

  @Get('jobs/:id/rank')
  rank(@Param('id') id: string) {
    return this.jobs.rank(id);
  }

  @Get('jobs/after')
  after(@Query('jobId') cursor: string) {
    return this.jobs.after(cursor);
  }

  @Get('applications/search')
  indexed(@Query('q') word: string) {
    return this.index.search(word);
  }

  @Get('candidates/suggest')
  suggest(@Query('q') beginning: string) {
    return this.candidates.suggest(beginning);
  }

  @Get('invoices/totals')
  totals() {
    return this.invoices.totals();
  }

  @Get('notes')
  notes_() {
    return this.notes.all();
  }

  @Get('notes/deleted')
  deleted() {
    return this.notes.deleted();
  }

  @Get('notes/drafts')
  drafts() {
    return this.notes.drafts();
  }
}

const hit = ({ id, letter }: Row): Row => ({ id, letter });

export const lists: Twins = {
  about: 'Lists, searches and counts',
  isLinked: true,
  correct: { controllers: [ListsController], providers: [Jobs, SearchIndex, Candidates, Invoices, Notes] },
  leaks: [
    {
      name: 'a raw query without the tenant',
      entrance: 'GET /jobs',
      caughtBy: ['own'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override all() {
            return this.many('select id, title from job');
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows(await acme.get('/jobs')),
    },
    {
      name: 'a search without the tenant',
      entrance: 'GET /jobs/search',
      caughtBy: ['own'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override search(query: string) {
            return this.many('select id, title from job where title ilike $1', `%${query}%`);
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows(await acme.get('/jobs/search', { query: { q: 'canary' } })),
    },
    {
      name: 'a search index over all tenants',
      entrance: 'GET /applications/search',
      caughtBy: ['own'],
      leaky: instead(
        SearchIndex,
        class extends SearchIndex {
          override async search(word: string) {
            return (await this.documents(word)).map(hit);
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows(await acme.get('/applications/search', { query: { q: 'canary' } })),
    },
    {
      name: 'suggestions while typing, from all tenants',
      entrance: 'GET /candidates/suggest',
      caughtBy: ['own'],
      leaky: instead(
        Candidates,
        class extends Candidates {
          override suggest(beginning: string) {
            return this.many('select distinct name from candidate where name like $1 order by 1', `${beginning}%`);
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows(await acme.get('/candidates/suggest', { query: { q: 'canary' } })),
    },
    {
      name: 'a count without the tenant',
      entrance: 'GET /jobs/count',
      caughtBy: ['interference'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override count() {
            return this.one('select count(*)::int from job');
          }
        },
      ),
      byHand: (scene) => moves(scene, '/jobs/count'),
    },
    {
      name: 'a total of pages that counts all tenants',
      entrance: 'GET /jobs/page',
      caughtBy: ['interference'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override async page() {
            const { count } = await this.one('select count(*)::int from job');
            return { ...(await super.page()), total: count };
          }
        },
      ),
      byHand: (scene) => moves(scene, '/jobs/page'),
    },
    {
      name: 'a sum and an average over all tenants',
      entrance: 'GET /invoices/totals',
      caughtBy: ['interference'],
      leaky: instead(
        Invoices,
        class extends Invoices {
          override totals() {
            return this.one('select sum(amount)::int, avg(amount)::float from invoice');
          }
        },
      ),
      byHand: (scene) => moves(scene, '/invoices/totals'),
    },
    {
      name: 'a count for each group, without the tenant',
      entrance: 'GET /jobs/by-category',
      caughtBy: ['interference'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override byCategory() {
            return this.many('select category, count(*)::int from job group by 1');
          }
        },
      ),
      byHand: (scene) => moves(scene, '/jobs/by-category'),
    },
    {
      name: 'a rank among the rows of all tenants',
      entrance: 'GET /jobs/:id/rank',
      caughtBy: ['interference'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override async rank(id: string) {
            const { rank } = await this.one(
              'select count(*)::int as rank from job where created_at >= (select created_at from job where id = $1)',
              id,
            );
            return { ...(await super.rank(id)), rank };
          }
        },
      ),
      byHand: (scene) => moves(scene, `/jobs/${scene.ours.job.id}/rank`),
    },
    {
      name: 'a page that is cut before the tenant is looked at',
      entrance: 'GET /jobs/newest',
      caughtBy: ['interference'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override async newest() {
            const rows = await this.many('select id, title, tenant_id from job order by created_at desc limit 3');
            return rows.filter((row) => row['tenant_id'] === this.tenantId).map(({ id, title }) => ({ id, title }));
          }
        },
      ),
      byHand: async (scene) => {
        await scene.plantTheirs();
        return moves(scene, '/jobs/newest');
      },
    },
    {
      name: 'a cursor of another tenant',
      entrance: 'GET /jobs/after',
      caughtBy: ['existence'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override after(cursor: string) {
            return this.many(
              `select id, title from job where tenant_id = $1
                  and created_at <> (select created_at from job where id = $2) order by created_at limit 3`,
              this.tenantId,
              cursor,
            );
          }
        },
      ),
      byHand: async ({ acme, theirs }) => {
        const { body } = await acme.get('/jobs/after', { query: { jobId: theirs.job.id } });
        return (body as unknown[]).length > 0;
      },
    },
    {
      name: "a left join onto another tenant's row, over a link that was there before",
      entrance: 'GET /notes',
      caughtBy: ['own'],
      leaky: instead(
        Notes,
        class extends Notes {
          override all() {
            return this.many(
              `select n.id, n.body, c.name from note n left join candidate c on c.id = n.candidate_id
                where n.tenant_id = $1 and n.deleted_at is null`,
              this.tenantId,
            );
          }
        },
      ),
      byHand: async ({ harness, acme, shows }) => {
        // Only a row that is planted after globex's can name one of them.
        await harness.plant(harness.tenants[0] as (typeof harness.tenants)[0]);
        return shows(await acme.get('/notes'));
      },
    },
    {
      name: 'deleted rows of all tenants in the bin',
      entrance: 'GET /notes/deleted',
      caughtBy: ['own'],
      leaky: instead(
        Notes,
        class extends Notes {
          override deleted() {
            return this.many('select id, body from note where deleted_at is not null');
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows(await acme.get('/notes/deleted')),
    },
    {
      name: 'an OR beside the tenant, without parentheses',
      entrance: 'GET /notes/drafts',
      caughtBy: ['own'],
      leaky: instead(
        Notes,
        class extends Notes {
          override drafts() {
            return this.many(
              'select id, body from note where tenant_id = $1 and is_draft or deleted_at is null',
              this.tenantId,
            );
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows(await acme.get('/notes/drafts')),
    },
  ],
};

/** True when an answer of acme's is another once globex has more rows. */
async function moves({ acme, plantTheirs }: Parameters<Twins['leaks'][number]['byHand']>[0], path: string) {
  const before = await acme.get(path);
  await plantTheirs();
  return (await acme.get(path)).text !== before.text;
}
