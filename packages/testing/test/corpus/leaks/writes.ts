import {
  Body,
  ConflictException,
  Controller,
  Delete,
  Inject,
  Injectable,
  Param,
  Patch,
  Post,
  Put,
} from '@nestjs/common';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

interface Job {
  readonly title: string;
}

@Injectable()
class Jobs extends Tables {
  rename(id: string, { title }: Job): Promise<Row> {
    return this.one(
      'update job set title = $3 where id = $1 and tenant_id = $2 returning id, title',
      id,
      this.tenantId,
      title,
    );
  }

  remove(id: string): Promise<Row> {
    return this.one('delete from job where id = $1 and tenant_id = $2 returning id', id, this.tenantId);
  }

  put(id: string, { title }: Job): Promise<Row> {
    return this.one(
      `insert into job (id, tenant_id, title, salary) values ($1, $2, $3, 1)
       on conflict (tenant_id, id) do update set title = excluded.title returning id, title`,
      id,
      this.tenantId,
      title,
    );
  }

  view(id: string): Promise<Row> {
    return this.one(
      'update job set views = views + 1 where id = $1 and tenant_id = $2 returning views, title',
      id,
      this.tenantId,
    );
  }

  close(ids: readonly string[]): Promise<Row[]> {
    return this.many(
      `update job set status = 'closed' where id = any($1) and tenant_id = $2 returning id`,
      ids,
      this.tenantId,
    );
  }

  closeAll(): Promise<Row[]> {
    return this.many(`update job set status = 'closed' where tenant_id = $1 returning id`, this.tenantId);
  }

  async reorder(jobs: readonly { readonly id: string; readonly views: number }[]): Promise<Row[]> {
    const all = jobs.map(({ id, views }) =>
      this.one('update job set views = $3 where id = $1 and tenant_id = $2 returning id', id, this.tenantId, views),
    );
    return Promise.all(all);
  }
}

@Injectable()
class Notes extends Tables {
  removeDrafts(): Promise<Row[]> {
    return this.many('delete from note where is_draft and tenant_id = $1 returning id', this.tenantId);
  }

  async removeSome(ids: readonly string[]): Promise<Row[]> {
    return this.many('delete from note where id = any($1) and tenant_id = $2 returning id', ids, this.tenantId);
  }

  async write(candidateId: string, body: string): Promise<Row> {
    const candidate = await this.one(
      'select name from candidate where id = $1 and tenant_id = $2',
      candidateId,
      this.tenantId,
    );
    return { ...candidate, ...(await this.insert(candidateId, body)) };
  }

  protected insert(candidateId: string, body: string): Promise<Row> {
    return this.one(
      'insert into note (id, tenant_id, candidate_id, body) values (gen_random_uuid(), $1, $2, $3) returning id, body',
      this.tenantId,
      candidateId,
      body,
    );
  }
}

interface Person {
  readonly name: string;
  readonly email: string;
}

@Injectable()
class Candidates extends Tables {
  create({ name, email }: Person): Promise<Row> {
    return this.insert({ tenant_id: this.tenantId, name, email });
  }

  update(id: string, { name, email }: Person): Promise<Row> {
    return this.change(id, { name, email });
  }

  /** Turns each given name into a column, as ORMs do it. */
  protected insert(columns: object): Promise<Row> {
    const given = known(columns);
    const places = given.map((_, n) => `$${n + 1}`);
    return this.one(
      `insert into candidate (id, ${given.map(([name]) => name)}) values (gen_random_uuid(), ${places}) returning id, name`,
      ...given.map(([, value]) => value),
    );
  }

  protected change(id: string, columns: object): Promise<Row> {
    const given = known(columns);
    const set = given.map(([name], n) => `${name} = $${n + 3}`);
    return this.one(
      `update candidate set ${set} where id = $1 and tenant_id = $2 returning id, name`,
      id,
      this.tenantId,
      ...given.map(([, value]) => value),
    );
  }
}

const COLUMNS: Readonly<Record<string, string>> = {
  name: 'name',
  email: 'email',
  tenantId: 'tenant_id',
  tenant_id: 'tenant_id',
};
const known = (given: object): [string, unknown][] =>
  Object.entries(given).flatMap(([name, value]) => (COLUMNS[name] ? [[COLUMNS[name], value]] : []));

@Injectable()
class Subscribers extends Tables {
  async subscribe(email: string): Promise<Row> {
    return this.insert('tenant_subscriber', email);
  }

  protected async insert(table: string, email: string): Promise<Row> {
    try {
      return await this.one(
        `insert into ${table} (id, tenant_id, email) values (gen_random_uuid(), $1, $2) returning id, email`,
        this.tenantId,
        email,
      );
    } catch (error) {
      if ((error as { code?: string }).code === '23505') throw new ConflictException('This address is taken.');
      throw error;
    }
  }

  /** True when a sign-in with this address makes sense. */
  async isKnown(email: string): Promise<{ isKnown: boolean; company: string }> {
    const rows = await this.many(
      'select 1 from tenant_subscriber where email = $1 and tenant_id = $2',
      email,
      this.tenantId,
    );
    return { isKnown: rows.length > 0, company: this.tenants.current().slug };
  }
}

@Injectable()
class Invoices extends Tables {
  create(customer: string): Promise<Row> {
    return this.one(
      `insert into invoice (id, tenant_id, number, customer, amount)
       select gen_random_uuid(), $1, coalesce(max(number), 0) + 1, $2, 100 from invoice where tenant_id = $1
       returning number, customer`,
      this.tenantId,
      customer,
    );
  }
}

@Controller('jobs')
class JobsController {
  constructor(@Inject(Jobs) private readonly jobs: Jobs) {}

  @Patch(':id')
  rename(@Param('id') id: string, @Body() job: Job) {
    return this.jobs.rename(id, job);
  }

  @Delete(':id')
  remove(@Param('id') id: string) {
    return this.jobs.remove(id);
  }

  @Put(':id')
  put(@Param('id') id: string, @Body() job: Job) {
    return this.jobs.put(id, job);
  }

  @Post(':id/views')
  view(@Param('id') id: string) {
    return this.jobs.view(id);
  }

  @Post('close')
  close(@Body() { ids }: { ids: readonly string[] }) {
    return this.jobs.close(ids);
  }

  @Post('close-all')
  closeAll() {
    return this.jobs.closeAll();
  }

  @Post('reorder')
  reorder(@Body() jobs: readonly { readonly id: string; readonly views: number }[]) {
    return this.jobs.reorder(jobs);
  }
}

@Controller()
class OthersController {
  constructor(
    @Inject(Notes) private readonly notes: Notes,
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Subscribers) private readonly subscribers: Subscribers,
    @Inject(Invoices) private readonly invoices: Invoices,
  ) {}

  @Delete('notes/drafts')
  removeDrafts() {
    return this.notes.removeDrafts();
  }

  @Post('notes/delete')
  removeSome(@Body() { ids }: { ids: readonly string[] }) {
    return this.notes.removeSome(ids);
  }

  @Post('notes')
  write(@Body() { candidateId, body }: { candidateId: string; body: string }) {
    return this.notes.write(candidateId, body);
  }

  @Post('candidates')
  create(@Body() person: Person) {
    return this.candidates.create(person);
  }

  @Patch('candidates/:id')
  update(@Param('id') id: string, @Body() person: Person) {
    return this.candidates.update(id, person);
  }

  @Post('subscribers')
  subscribe(@Body() { email }: { email: string }) {
    return this.subscribers.subscribe(email);
  }

  @Post('subscribers/known')
  isKnown(@Body() { email }: { email: string }) {
    return this.subscribers.isKnown(email);
  }

  @Post('invoices')
  invoice(@Body() { customer }: { customer: string }) {
    return this.invoices.create(customer);
  }
}

const id = (row: unknown) => (row as { id: string }).id;

export const writes: Twins = {
  about: 'Writing',
  correct: {
    controllers: [JobsController, OthersController],
    providers: [Jobs, Notes, Candidates, Subscribers, Invoices],
  },
  examples: {
    'PATCH /jobs/:id': (_, { canary }) => ({ body: { title: canary('title') } }),
    'PUT /jobs/:id': (_, { canary }) => ({ body: { title: canary('title') } }),
    'POST /jobs/close': ({ job }) => ({ body: { ids: [id(job)] } }),
    'POST /jobs/reorder': ({ job }) => ({ body: [{ id: id(job), views: 7 }] }),
    'POST /notes': ({ candidate }, { canary }) => ({ body: { candidateId: id(candidate), body: canary('body') } }),
    'POST /notes/delete': ({ note }) => ({ body: { ids: [id(note)] } }),
    'POST /candidates': (_, { canary }) => ({
      body: { name: canary('name'), email: `${canary('email')}@example.test` },
    }),
    'PATCH /candidates/:id': (_, { canary }) => ({
      body: { name: canary('name'), email: `${canary('email')}@example.test` },
    }),
    'POST /subscribers': (_, { canary }) => ({ body: { email: `${canary('email')}@example.test` } }),
    'POST /subscribers/known': ({ subscriber }) => ({ body: { email: (subscriber as unknown as Person).email } }),
    'POST /invoices': (_, { canary }) => ({ body: { customer: canary('customer') } }),
  },
  leaks: [
    {
      name: 'an update by id alone',
      entrance: 'PATCH /jobs/:id',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override rename(id: string, { title }: Job) {
            return this.one('update job set title = $2 where id = $1 returning id, title', id, title);
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) => harms(() => acme.patch(`/jobs/${theirs.job.id}`, { title: 'x' })),
    },
    {
      name: 'a delete by id alone',
      entrance: 'DELETE /jobs/:id',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override remove(id: string) {
            return this.one('delete from job where id = $1 returning id', id);
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) => harms(() => acme.delete(`/jobs/${theirs.job.id}`)),
    },
    {
      name: 'an upsert that overwrites whosever row it meets',
      entrance: 'PUT /jobs/:id',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override async put(id: string, job: Job) {
            const [updated] = await this.many(
              'update job set title = $2 where id = $1 returning id, title',
              id,
              job.title,
            );
            return updated ?? super.put(id, job);
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) => harms(() => acme.put(`/jobs/${theirs.job.id}`, { title: 'x' })),
    },
    {
      name: 'an increment by id alone',
      entrance: 'POST /jobs/:id/views',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override view(id: string) {
            return this.one('update job set views = views + 1 where id = $1 returning views, title', id);
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) => harms(() => acme.post(`/jobs/${theirs.job.id}/views`)),
    },
    {
      name: 'a bulk update by ids alone',
      entrance: 'POST /jobs/close',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override close(ids: readonly string[]) {
            return this.many(`update job set status = 'closed' where id = any($1) returning id`, ids);
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) => harms(() => acme.post('/jobs/close', { ids: [theirs.job.id] })),
    },
    {
      name: 'a bulk update of all rows there are',
      entrance: 'POST /jobs/close-all',
      caughtBy: ['own'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override closeAll() {
            return this.many(`update job set status = 'closed' where status = 'open' returning status`);
          }
        },
      ),
      byHand: ({ acme, harms }) => harms(() => acme.post('/jobs/close-all')),
    },
    {
      name: 'rows in the body, each updated by its id alone',
      entrance: 'POST /jobs/reorder',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Jobs,
        class extends Jobs {
          override async reorder(jobs: readonly { readonly id: string; readonly views: number }[]) {
            return Promise.all(
              jobs.map(({ id, views }) => this.one('update job set views = $2 where id = $1 returning id', id, views)),
            );
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) => harms(() => acme.post('/jobs/reorder', [{ id: theirs.job.id, views: 7 }])),
    },
    {
      name: 'a bulk delete by ids alone',
      entrance: 'POST /notes/delete',
      caughtBy: ['foreign-id'],
      leaky: instead(
        Notes,
        class extends Notes {
          override async removeSome(ids: readonly string[]) {
            return this.many('delete from note where id = any($1) returning id', ids);
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) => harms(() => acme.post('/notes/delete', { ids: [theirs.note.id] })),
    },
    {
      name: 'a bulk delete of all drafts there are',
      entrance: 'DELETE /notes/drafts',
      caughtBy: ['own'],
      leaky: instead(
        Notes,
        class extends Notes {
          override async removeDrafts() {
            await this.many('delete from note where is_draft');
            return [];
          }
        },
      ),
      byHand: ({ acme, harms }) => harms(() => acme.delete('/notes/drafts')),
    },
    {
      name: 'a foreign key in the body, followed without the tenant',
      entrance: 'POST /notes',
      caughtBy: ['foreign-id', 'existence'],
      leaky: instead(
        Notes,
        class extends Notes {
          override async write(candidateId: string, body: string) {
            const candidate = await this.one('select name from candidate where id = $1', candidateId);
            return { ...candidate, ...(await this.insert(candidateId, body)) };
          }
        },
      ),
      byHand: async ({ acme, theirs, shows }) =>
        shows(await acme.post('/notes', { candidateId: theirs.candidate.id, body: 'x' })),
    },
    {
      name: 'a mass-assigned tenant on create',
      entrance: 'POST /candidates',
      caughtBy: ['tenant-field'],
      leaky: instead(
        Candidates,
        class extends Candidates {
          override create(person: Person) {
            return this.insert({ tenantId: this.tenantId, ...person });
          }
        },
      ),
      byHand: ({ acme, harms }) =>
        harms(() => acme.post('/candidates', { name: 'x', email: 'x', tenantId: 't_globex' })),
    },
    {
      name: 'a mass-assigned tenant on update, which moves the row',
      entrance: 'PATCH /candidates/:id',
      caughtBy: ['tenant-field'],
      leaky: instead(
        Candidates,
        class extends Candidates {
          override update(id: string, person: Person) {
            return this.change(id, person);
          }
        },
      ),
      byHand: ({ acme, ours, harms }) =>
        harms(() => acme.patch(`/candidates/${ours.candidate.id}`, { name: 'x', tenantId: 't_globex' })),
    },
    {
      name: 'a unique value that another tenant has',
      entrance: 'POST /subscribers',
      caughtBy: ['existence'],
      leaky: instead(
        Subscribers,
        class extends Subscribers {
          override subscribe(email: string) {
            return this.insert('subscriber', email);
          }
        },
      ),
      byHand: async ({ acme, theirs }) =>
        (await acme.post('/subscribers', { email: theirs.subscriber.email })).status === 409,
    },
    {
      name: 'a message about a unique value that says whose it is',
      entrance: 'POST /subscribers',
      caughtBy: ['existence'],
      leaky: instead(
        Subscribers,
        class extends Subscribers {
          override async subscribe(email: string) {
            const [taken] = await this.many('select tenant_id from subscriber where email = $1', email);
            if (taken) throw new ConflictException(`${taken['tenant_id']} has this address.`);
            return this.insert('subscriber', email);
          }
        },
      ),
      byHand: async ({ acme, theirs }) =>
        (await acme.post('/subscribers', { email: theirs.subscriber.email })).text.includes('t_globex'),
    },
    {
      name: 'a question that is answered from the rows of all tenants',
      entrance: 'POST /subscribers/known',
      caughtBy: ['existence'],
      leaky: instead(
        Subscribers,
        class extends Subscribers {
          override async isKnown(email: string) {
            const rows = await this.many('select 1 from subscriber where email = $1', email);
            return { isKnown: rows.length > 0, company: this.tenants.current().slug };
          }
        },
      ),
      byHand: async ({ acme, theirs }) =>
        (await acme.post('/subscribers/known', { email: theirs.subscriber.email })).text.includes('true'),
    },
    {
      name: 'numbers that all tenants count up',
      entrance: 'POST /invoices',
      caughtBy: ['interference'],
      leaky: instead(
        Invoices,
        class extends Invoices {
          override create(customer: string) {
            return this.one(
              `insert into invoice (id, tenant_id, number, customer, amount)
               select gen_random_uuid(), $1, coalesce(max(number), 0) + 1, $2, 100 from invoice
               returning number, customer`,
              this.tenantId,
              customer,
            );
          }
        },
      ),
      byHand: async ({ acme, globex }) => {
        const number = async () =>
          ((await acme.post('/invoices', { customer: 'x' })).body as { number: number }).number;
        const first = await number();
        await globex.post('/invoices', { customer: 'y' });
        return (await number()) !== first + 1;
      },
    },
  ],
};
