import { randomUUID } from 'node:crypto';
import {
  BadRequestException,
  Body,
  Controller,
  HttpCode,
  type INestApplication,
  Inject,
  Injectable,
  Param,
  Patch,
  Post,
  Put,
  UploadedFile,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { FileInterceptor, type NestExpressApplication } from '@nestjs/platform-express';
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

  /** E-mail addresses tell candidates apart in the files that come from job boards. */
  async import(rows: readonly CandidateBody[]): Promise<{ updated: number }> {
    const found = await Promise.all(rows.map((row) => this.rename(row)));
    return { updated: found.flat().length };
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

  protected rename({ name, email }: CandidateBody): Promise<Row[]> {
    return this.many(
      'update candidate set name = $1 where email = $2 and tenant_id = $3 returning id',
      name,
      email,
      this.tenantId,
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

@Injectable()
class Subscribers extends Tables {
  async import(csv: string): Promise<{ imported: number }> {
    const emails = csv.split(/\r?\n/).filter((line) => line.includes('@'));
    for (const email of emails) await this.add(email.trim());
    return { imported: emails.length };
  }

  protected async add(email: string): Promise<void> {
    await this.many(
      `insert into tenant_subscriber (id, tenant_id, email) values ($1, $2, $3)
       on conflict (tenant_id, email) do nothing`,
      randomUUID(),
      this.tenantId,
      email,
    );
  }
}

@Injectable()
class Letters extends Tables {
  attach(applicationId: string, letter: string): Promise<Row> {
    return this.one(
      'update application set letter = $3 where id = $1 and tenant_id = $2 returning id, letter',
      applicationId,
      this.tenantId,
      letter,
    );
  }
}

@Controller()
class BodiesController {
  constructor(
    @Inject(Notes) private readonly notes: Notes,
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Invoices) private readonly invoices: Invoices,
    @Inject(Subscribers) private readonly subscribers: Subscribers,
    @Inject(Letters) private readonly letters: Letters,
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

  @Post('candidates/import')
  import(@Body() rows: CandidateBody[]) {
    return this.candidates.import(rows);
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

  @Post('subscribers/import')
  importCsv(@Body() csv: string) {
    return this.subscribers.import(csv);
  }

  @Post('letters')
  @UseInterceptors(FileInterceptor('letter'))
  attach(@Body('applicationId') applicationId: string, @UploadedFile() letter?: { readonly buffer: Buffer }) {
    if (!letter) throw new BadRequestException('There is no letter.');
    return this.letters.attach(applicationId, letter.buffer.toString());
  }
}

function letterOf(applicationId: string, letter: string): FormData {
  const form = new FormData();
  form.set('applicationId', applicationId);
  form.set('letter', new Blob([letter], { type: 'text/plain' }), 'letter.txt');
  return form;
}

export const bodies: Twins = {
  about: 'Shapes of bodies',
  correct: {
    controllers: [BodiesController],
    providers: [Notes, Candidates, Jobs, Invoices, Subscribers, Letters],
    configure: (app: INestApplication) => {
      app.useGlobalPipes(new ValidationPipe());
      (app as NestExpressApplication).useBodyParser('text', { type: 'text/csv' });
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
    'POST /candidates/import': ({ candidate }, { canary }) => ({
      body: [{ name: canary('name'), email: candidate.email }],
    }),
    'PUT /jobs': ({ job }, { canary }) => ({ body: [{ id: job.id, title: canary('title') }] }),
    'PATCH /invoices/:id': (_rows, { canary }) => ({
      body: [{ op: 'replace', path: '/customer', value: canary('customer') }],
    }),
    'POST /invoices/pay': ({ invoice }) => ({ body: new URLSearchParams({ invoice: invoice.id }) }),
    'POST /subscribers/import': (_rows, { canary }) => ({
      body: `email\r\n${canary('subscriber')}@example.test\r\n`,
      headers: { 'content-type': 'text/csv' },
    }),
    'POST /letters': ({ application }, { canary }) => ({ body: letterOf(application.id, canary('letter')) }),
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
      name: 'an import that finds rows by an e-mail address alone',
      entrance: 'POST /candidates/import',
      leaky: instead(
        Candidates,
        class extends Candidates {
          protected override rename({ name, email }: CandidateBody) {
            return this.many('update candidate set name = $1 where email = $2 returning id', name, email);
          }
        },
      ),
      byHand: ({ acme, ours, theirs, harms }) =>
        harms(() =>
          acme.post('/candidates/import', [
            { name: 'ours', email: ours.candidate.email },
            { name: 'from acme', email: theirs.candidate.email },
          ]),
        ),
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
    {
      name: 'an import of CSV that takes over what another tenant has',
      entrance: 'POST /subscribers/import',
      leaky: instead(
        Subscribers,
        class extends Subscribers {
          protected override async add(email: string) {
            await this.many(
              `insert into subscriber (id, tenant_id, email) values ($1, $2, $3)
               on conflict (email) do update set tenant_id = excluded.tenant_id`,
              randomUUID(),
              this.tenantId,
              email,
            );
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) =>
        harms(() =>
          acme.post('/subscribers/import', `email\n${theirs.subscriber.email}\n`, {
            headers: { 'content-type': 'text/csv' },
          }),
        ),
    },
    {
      name: 'an upload with the id of a row beside the file',
      entrance: 'POST /letters',
      leaky: instead(
        Letters,
        class extends Letters {
          override attach(applicationId: string, letter: string) {
            return this.one('update application set letter = $2 where id = $1 returning id', applicationId, letter);
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) =>
        harms(() => acme.post('/letters', letterOf(theirs.application.id, 'from acme'))),
    },
  ],
};
