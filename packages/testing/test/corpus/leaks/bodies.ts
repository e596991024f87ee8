import { randomUUID } from 'node:crypto';
import {
  BadRequestException,
  Body,
  Controller,
  HttpCode,
  Inject,
  Injectable,
  Param,
  Patch,
  Post,
  Put,
  ValidationPipe,
} from '@nestjs/common';
import { ArrayNotEmpty, IsArray, IsUUID } from 'class-validator';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

interface NoteBody {
  readonly note: { readonly candidateId: string; readonly body: string; readonly tenantId?: string };
}

interface CandidateDocument {
  readonly data: { readonly type: string; readonly id: string; readonly attributes: { readonly name: string } };
}

interface JobRow {
  readonly id: string;
  readonly title: string;
}

interface PatchOperation {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

interface CandidateBody {
  readonly id?: string;
  readonly name: string;
  readonly email: string;
}

class IdsBody {
  @IsArray() @ArrayNotEmpty() @IsUUID('all', { each: true }) ids!: string[];
}

@Injectable()
class Notes extends Tables {
  create({ note }: NoteBody): Promise<Row> {
    return this.insert({ ...note, tenantId: this.tenantId });
  }

  async discard(ids: readonly string[]): Promise<void> {
    const mine = await this.many('select id from note where id = any($1) and tenant_id = $2', ids, this.tenantId);
    if (mine.length < ids.length) throw new BadRequestException();
    await this.many('update note set deleted_at = now() where id = any($1)', ids);
  }

  protected insert({ tenantId, candidateId, body }: NoteBody['note']): Promise<Row> {
    return this.one(
      `insert into note (id, tenant_id, candidate_id, body)
       select $1, $2, id, $4 from candidate where id = $3 and tenant_id = $5 returning id, body`,
      randomUUID(),
      tenantId,
      candidateId,
      body,
      this.tenantId,
    );
  }
}

@Injectable()
class Candidates extends Tables {
  async change(id: string, { data }: CandidateDocument): Promise<Row> {
    if (data.id !== id) throw new BadRequestException('The id of the document is another one than that of the path.');
    return this.one(
      'update candidate set name = $3 where id = $1 and tenant_id = $2 returning id, name',
      id,
      this.tenantId,
      data.attributes.name,
    );
  }

  save(body: CandidateBody): Promise<Row> {
    return body.id ? this.update(body) : this.insert(body);
  }

  protected insert({ name, email }: CandidateBody): Promise<Row> {
    return this.one(
      'insert into candidate (id, tenant_id, name, email) values ($1, $2, $3, $4) returning id, name',
      randomUUID(),
      this.tenantId,
      name,
      email,
    );
  }

  private update({ id, name, email }: CandidateBody): Promise<Row> {
    return this.one(
      'update candidate set name = $3, email = $4 where id = $1 and tenant_id = $2 returning id, name',
      id,
      this.tenantId,
      name,
      email,
    );
  }
}

@Injectable()
class Jobs extends Tables {
  async changeAll(rows: readonly JobRow[]): Promise<{ changed: number }> {
    const changed = await this.many(
      `update job set title = row.title from json_to_recordset($1) as row (id text, title text)
        where job.id = row.id and job.tenant_id = $2 returning job.id`,
      JSON.stringify(rows),
      this.tenantId,
    );
    return { changed: changed.length };
  }
}

@Injectable()
class Invoices extends Tables {
  async patch(id: string, operations: readonly PatchOperation[]): Promise<Row> {
    for (const { op, path, value } of operations) {
      const column = path.slice(1);
      if (op !== 'replace' || !this.mayChange(column)) throw new BadRequestException();
      await this.many(`update invoice set ${column} = $3 where id = $1 and tenant_id = $2`, id, this.tenantId, value);
    }
    return this.one('select id, customer from invoice where id = $1 and tenant_id = $2', id, this.tenantId);
  }

  /** The form has one box for each invoice, and sends the name of the box again and again. */
  async pay({ invoice }: { readonly invoice?: string | readonly string[] }): Promise<{ paid: number }> {
    const ids = [invoice ?? []].flat();
    const mine = await this.many('select id from invoice where id = any($1) and tenant_id = $2', ids, this.tenantId);
    if (!this.mayPay(mine.length, ids.length)) throw new BadRequestException();
    const paid = await this.many('update invoice set is_paid = true where id = any($1) returning id', ids);
    return { paid: paid.length };
  }

  protected mayPay(mine: number, wanted: number): boolean {
    return wanted > 0 && mine === wanted;
  }

  protected mayChange(column: string): boolean {
    return ['customer', 'amount', 'is_paid'].includes(column);
  }
}

@Controller()
class BodiesController {
  constructor(
    @Inject(Notes) private readonly notes: Notes,
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Invoices) private readonly invoices: Invoices,
  ) {}

  @Post('notes')
  create(@Body() body: NoteBody) {
    return this.notes.create(body);
  }

  @Post('notes/discard')
  @HttpCode(204)
  discard(@Body() { ids }: IdsBody) {
    return this.notes.discard(ids);
  }

  @Patch('candidates/:id')
  change(@Param('id') id: string, @Body() document: CandidateDocument) {
    return this.candidates.change(id, document);
  }

  @Post('candidates')
  save(@Body() body: CandidateBody) {
    return this.candidates.save(body);
  }

  @Put('jobs')
  changeAll(@Body() rows: JobRow[]) {
    return this.jobs.changeAll(rows);
  }

  @Patch('invoices/:id')
  patch(@Param('id') id: string, @Body() operations: PatchOperation[]) {
    return this.invoices.patch(id, operations);
  }

  @Post('invoices/pay')
  pay(@Body() form: { invoice?: string | string[] }) {
    return this.invoices.pay(form);
  }
}

export const bodies: Twins = {
  about: 'Shapes of bodies',
  correct: {
    controllers: [BodiesController],
    providers: [Notes, Candidates, Jobs, Invoices],
    configure: (app) => {
      app.useGlobalPipes(new ValidationPipe());
    },
  },
  examples: {
    'POST /notes': ({ candidate }, { canary }) => ({
      body: { note: { candidateId: candidate.id, body: canary('body') } },
    }),
    'PATCH /candidates/:id': ({ candidate }, { canary }) => ({
      body: { data: { type: 'candidates', id: candidate.id, attributes: { name: canary('name') } } },
    }),
    'POST /candidates': (_rows, { canary }) => ({ body: { name: canary('name'), email: 'somebody@example.test' } }),
    'PUT /jobs': ({ job }, { canary }) => ({ body: [{ id: job.id, title: canary('title') }] }),
    'PATCH /invoices/:id': (_rows, { canary }) => ({
      body: [{ op: 'replace', path: '/customer', value: canary('customer') }],
    }),
    'POST /invoices/pay': ({ invoice }) => ({ body: new URLSearchParams({ invoice: invoice.id }) }),
  },
  leaks: [
    {
      name: 'a wrapped body that is spread over the tenant',
      entrance: 'POST /notes',
      leaky: instead(
        Notes,
        class extends Notes {
          override create({ note }: NoteBody) {
            return this.insert({ tenantId: this.tenantId, ...note });
          }
        },
      ),
      byHand: ({ acme, ours, theirs, harms }) =>
        harms(() =>
          acme.post('/notes', {
            note: { candidateId: ours.candidate.id, body: 'from acme', tenantId: theirs.job.tenantId },
          }),
        ),
    },
    {
      name: 'a list of ids of which the first is looked at',
      entrance: 'POST /notes/discard',
      leaky: instead(
        Notes,
        class extends Notes {
          override async discard(ids: readonly string[]) {
            await this.one('select id from note where id = $1 and tenant_id = $2', ids[0], this.tenantId);
            await this.many('update note set deleted_at = now() where id = any($1)', ids);
          }
        },
      ),
      byHand: ({ acme, ours, theirs, harms }) =>
        harms(() => acme.post('/notes/discard', { ids: [ours.note.id, theirs.note.id] })),
    },
    {
      name: 'a document whose own id is taken, and not that of the path',
      entrance: 'PATCH /candidates/:id',
      leaky: instead(
        Candidates,
        class extends Candidates {
          override async change(id: string, { data }: CandidateDocument) {
            await this.one('select id from candidate where id = $1 and tenant_id = $2', id, this.tenantId);
            return this.one(
              'update candidate set name = $2 where id = $1 returning id, name',
              data.id,
              data.attributes.name,
            );
          }
        },
      ),
      byHand: ({ acme, ours, theirs, harms }) =>
        harms(() =>
          acme.patch(`/candidates/${ours.candidate.id}`, {
            data: { type: 'candidates', id: theirs.candidate.id, attributes: { name: 'from acme' } },
          }),
        ),
    },
    {
      name: 'an upsert that takes the id of a row of anybody',
      entrance: 'POST /candidates',
      leaky: instead(
        Candidates,
        class extends Candidates {
          override save(body: CandidateBody) {
            const { id, name, email } = { id: randomUUID(), ...body };
            return this.one(
              `insert into candidate (id, tenant_id, name, email) values ($1, $2, $3, $4)
               on conflict (id) do update set name = excluded.name, email = excluded.email returning id, name`,
              id,
              this.tenantId,
              name,
              email,
            );
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) =>
        harms(() => acme.post('/candidates', { id: theirs.candidate.id, name: 'from acme', email: 'a@acme.test' })),
    },
    {
      name: 'a list of rows, joined by their ids alone',
      entrance: 'PUT /jobs',
      leaky: instead(
        Jobs,
        class extends Jobs {
          override async changeAll(rows: readonly JobRow[]) {
            const changed = await this.many(
              `update job set title = row.title from json_to_recordset($1) as row (id text, title text)
                where job.id = row.id returning job.id`,
              JSON.stringify(rows),
            );
            return { changed: changed.length };
          }
        },
      ),
      byHand: ({ acme, ours, theirs, harms }) =>
        harms(() =>
          acme.put('/jobs', [
            { id: ours.job.id, title: 'ours' },
            { id: theirs.job.id, title: 'from acme' },
          ]),
        ),
    },
    {
      name: 'a patch that may change any column, and gives a row away',
      entrance: 'PATCH /invoices/:id',
      leaky: instead(
        Invoices,
        class extends Invoices {
          protected override mayChange(column: string) {
            return /^[a-z_]+$/.test(column) && column !== 'id';
          }
        },
      ),
      byHand: ({ acme, ours, theirs, harms }) =>
        harms(() =>
          acme.patch(`/invoices/${ours.invoice.id}`, [
            { op: 'replace', path: '/tenant_id', value: theirs.job.tenantId },
          ]),
        ),
    },
    {
      name: 'a form with a field that is sent twice',
      entrance: 'POST /invoices/pay',
      leaky: instead(
        Invoices,
        class extends Invoices {
          protected override mayPay(mine: number) {
            return mine > 0;
          }
        },
      ),
      byHand: ({ acme, ours, theirs, harms }) =>
        harms(() =>
          acme.post(
            '/invoices/pay',
            new URLSearchParams([
              ['invoice', ours.invoice.id],
              ['invoice', theirs.invoice.id],
            ]),
          ),
        ),
    },
  ],
};
