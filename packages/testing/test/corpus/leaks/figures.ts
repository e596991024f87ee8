import { Controller, Get, Inject, Injectable, Param, Post } from '@nestjs/common';
import type { TenantClient } from '../../../src/index.js';
import { instead, type Scene, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

@Injectable()
class Salaries extends Tables {
  /** Rounds to thousands, so that no single salary can be told from it. */
  async market(id: string): Promise<Row> {
    const job = await this.one(
      'select id, title, category from job where id = $1 and tenant_id = $2',
      id,
      this.tenantId,
    );
    return { ...job, ...(await this.average(job['category'])) };
  }

  protected average(category: string): Promise<Row> {
    return this.one(
      'select round(avg(salary), -3)::int as average from job where category = $1 and tenant_id = $2',
      category,
      this.tenantId,
    );
  }
}

@Injectable()
class Invoices extends Tables {
  pay(id: string): Promise<Row> {
    return this.one(
      'update invoice set is_paid = true where id = $1 and tenant_id = $2 returning id, customer',
      id,
      this.tenantId,
    );
  }

  async share(): Promise<{ newest: string; percent: number }> {
    const newest = await this.one(
      'select customer from invoice where tenant_id = $1 order by number desc limit 1',
      this.tenantId,
    );
    return { newest: newest['customer'], percent: Math.round((await this.paid())['share'] * 100) };
  }

  protected paid(): Promise<Row> {
    return this.one('select avg(is_paid::int)::float as share from invoice where tenant_id = $1', this.tenantId);
  }
}

@Injectable()
class Freshness extends Tables {
  async of(): Promise<Row> {
    const jobs = await this.many('select id, title from job where tenant_id = $1 order by created_at', this.tenantId);
    return { jobs, ...(await this.asOf()) };
  }

  protected asOf(): Promise<Row> {
    return this.one('select max(created_at) as "asOf" from job where tenant_id = $1', this.tenantId);
  }
}

@Injectable()
class Numbering extends Tables {
  list(): Promise<Row[]> {
    return this.many(
      `select * from (select row_number() over (order by created_at)::int as number, name, tenant_id
       from candidate where tenant_id = $1) numbered order by number`,
      this.tenantId,
    );
  }
}

@Controller()
class FiguresController {
  constructor(
    @Inject(Salaries) private readonly salaries: Salaries,
    @Inject(Invoices) private readonly invoices: Invoices,
    @Inject(Freshness) private readonly freshness: Freshness,
    @Inject(Numbering) private readonly numbering: Numbering,
  ) {}

  @Get('jobs/:id/market')
  market(@Param('id') id: string) {
    return this.salaries.market(id);
  }

  @Post('invoices/:id/pay')
  pay(@Param('id') id: string) {
    return this.invoices.pay(id);
  }

  @Get('invoices/paid')
  share() {
    return this.invoices.share();
  }

  @Get('jobs/feed')
  feed() {
    return this.freshness.of();
  }

  @Get('candidates/numbered')
  numbered() {
    return this.numbering.list();
  }
}

/** Asks again and again while rows of the other's are added, and says if what was answered is ever another. */
async function moves(client: TenantClient, path: string, name: string, work: () => Promise<unknown>): Promise<boolean> {
  const ask = async () => ((await client.get(path)).body as Row)[name];
  const first = await ask();
  for (let n = 0; n < 12; n += 1) {
    await work();
    if ((await ask()) !== first) return true;
  }
  return false;
}

export const figures: Twins = {
  about: 'Figures of everybody',
  correct: { controllers: [FiguresController], providers: [Salaries, Invoices, Freshness, Numbering] },
  leaks: [
    {
      name: 'an average of all tenants, rounded to thousands',
      entrance: 'GET /jobs/:id/market',
      leaky: instead(
        Salaries,
        class extends Salaries {
          protected override average(category: string) {
            return this.one('select round(avg(salary), -3)::int as average from job where category = $1', category);
          }
        },
      ),
      byHand: ({ acme, ours, plantTheirs }) => moves(acme, `/jobs/${ours.job.id}/market`, 'average', plantTheirs),
    },
    {
      name: 'a share in percent that moves with what other tenants do to their rows',
      entrance: 'GET /invoices/paid',
      leaky: instead(
        Invoices,
        class extends Invoices {
          protected override paid() {
            return this.one('select avg(is_paid::int)::float as share from invoice');
          }
        },
      ),
      byHand: ({ acme, globex, theirs }) =>
        moves(acme, '/invoices/paid', 'percent', () => globex.post(`/invoices/${theirs.invoice.id}/pay`)),
    },
    {
      name: 'the time of the newest row of all tenants',
      entrance: 'GET /jobs/feed',
      leaky: instead(
        Freshness,
        class extends Freshness {
          protected override asOf() {
            return this.one('select max(created_at) as "asOf" from job');
          }
        },
      ),
      byHand: ({ acme, plantTheirs }) => moves(acme, '/jobs/feed', 'asOf', plantTheirs),
    },
    {
      name: 'a window function that numbers before the tenant is looked at',
      entrance: 'GET /candidates/numbered',
      leaky: instead(
        Numbering,
        class extends Numbering {
          override list() {
            return this.many(
              `select * from (select row_number() over (order by created_at)::int as number, name, tenant_id
               from candidate) numbered where tenant_id = $1 order by number`,
              this.tenantId,
            );
          }
        },
      ),
      byHand: async ({ harness, acme, plantTheirs }: Scene) => {
        await plantTheirs();
        const [attacker] = harness.tenants as [(typeof harness.tenants)[0]];
        await harness.plant(attacker);
        const rows = (await acme.get('/candidates/numbered')).body as Row[];
        return rows.some(({ number }, at) => number !== at + 1);
      },
    },
  ],
};
