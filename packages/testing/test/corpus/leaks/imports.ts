import { randomUUID } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  BadRequestException,
  Body,
  Controller,
  type INestApplication,
  Inject,
  Injectable,
  Post,
  UploadedFile,
  UseInterceptors,
} from '@nestjs/common';
import { FileInterceptor, type NestExpressApplication } from '@nestjs/platform-express';
import { instead, type Twins } from '../leak.js';
import { type Row, Tables } from '../tables.js';

interface CandidateRow {
  readonly name: string;
  readonly email: string;
}

interface Backup {
  readonly tenantId?: string;
  readonly notes: readonly { readonly id: string; readonly body: string }[];
}

/** E-mail addresses tell candidates apart in the files that come from job boards. */
@Injectable()
class Candidates extends Tables {
  async import(rows: readonly CandidateRow[]): Promise<{ updated: number }> {
    const found = await Promise.all(rows.map((row) => this.rename(row)));
    return { updated: found.flat().length };
  }

  protected rename({ name, email }: CandidateRow): Promise<Row[]> {
    return this.many(
      'update candidate set name = $1 where email = $2 and tenant_id = $3 returning id',
      name,
      email,
      this.tenantId,
    );
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

/** The first line of a sheet says which columns it has. */
@Injectable()
class Jobs extends Tables {
  async import(sheet: string): Promise<Row[]> {
    const [head = '', ...lines] = sheet
      .replace(/^\ufeff/, '')
      .trim()
      .split(/\r?\n/);
    const columns = head.split('\t');
    const rows = lines.map((line) => Object.fromEntries(line.split('\t').map((cell, n) => [columns[n], cell])));
    return Promise.all(rows.map((row) => this.insert(this.complete(row))));
  }

  protected complete(row: Row): Row {
    return { ...row, tenant_id: this.tenantId };
  }

  private insert({ tenant_id, title, category = 'engineering' }: Row): Promise<Row> {
    return this.one(
      'insert into job (id, tenant_id, title, category, salary) values ($1, $2, $3, $4, 0) returning id, title',
      randomUUID(),
      tenant_id,
      title,
      category,
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

@Injectable()
class Backups extends Tables {
  async restore(packed: Buffer): Promise<{ restored: number }> {
    const backup = JSON.parse(gunzipSync(packed).toString()) as Backup;
    const restored = await Promise.all(backup.notes.map(({ id, body }) => this.write(this.ownerOf(backup), id, body)));
    return { restored: restored.flat().length };
  }

  protected ownerOf(_backup: Backup): string {
    return this.tenantId;
  }

  private write(tenantId: string, id: string, body: string): Promise<Row[]> {
    return this.many('update note set body = $3 where id = $1 and tenant_id = $2 returning id', id, tenantId, body);
  }
}

/** A bank says which invoices were paid: one line of JSON for each. */
@Injectable()
class Payments extends Tables {
  async read(lines: string): Promise<{ paid: number }> {
    const payments = lines.split('\n').filter(Boolean);
    const paid = await Promise.all(payments.map((line) => this.pay(JSON.parse(line) as { number: number })));
    return { paid: paid.flat().length };
  }

  protected pay({ number }: { readonly number: number }): Promise<Row[]> {
    return this.many(
      'update invoice set is_paid = true where number = $1 and tenant_id = $2 returning id',
      number,
      this.tenantId,
    );
  }
}

@Controller()
class ImportsController {
  constructor(
    @Inject(Candidates) private readonly candidates: Candidates,
    @Inject(Subscribers) private readonly subscribers: Subscribers,
    @Inject(Jobs) private readonly jobs: Jobs,
    @Inject(Letters) private readonly letters: Letters,
    @Inject(Backups) private readonly backups: Backups,
    @Inject(Payments) private readonly payments: Payments,
  ) {}

  @Post('candidates/import')
  importCandidates(@Body() rows: CandidateRow[]) {
    return this.candidates.import(rows);
  }

  @Post('subscribers/import')
  importSubscribers(@Body() csv: string) {
    return this.subscribers.import(csv);
  }

  /** A spreadsheet sends two bytes for each sign. */
  @Post('jobs/import')
  importJobs(@Body() sheet: Buffer) {
    return this.jobs.import(sheet.toString('utf16le'));
  }

  @Post('letters')
  @UseInterceptors(FileInterceptor('letter'))
  attach(@Body('applicationId') applicationId: string, @UploadedFile() letter?: { readonly buffer: Buffer }) {
    if (!letter) throw new BadRequestException('There is no letter.');
    return this.letters.attach(applicationId, letter.buffer.toString());
  }

  @Post('backups/restore')
  restore(@Body() packed: Buffer) {
    return this.backups.restore(packed);
  }

  @Post('payments')
  read(@Body() lines: string) {
    return this.payments.read(lines);
  }
}

function letterOf(applicationId: string, letter: string): FormData {
  const form = new FormData();
  form.set('applicationId', applicationId);
  form.set('letter', new Blob([letter], { type: 'text/plain' }), 'letter.txt');
  return form;
}

const csvOf = (...emails: readonly string[]) => ({
  body: `email\r\n${emails.join('\r\n')}\r\n`,
  headers: { 'content-type': 'text/csv' },
});
const sheetOf = (...rows: readonly (readonly string[])[]) =>
  Buffer.from(`\ufeff${rows.map((cells) => cells.join('\t')).join('\r\n')}`, 'utf16le');
const linesOf = (...rows: readonly object[]) => ({
  body: rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
  headers: { 'content-type': 'application/x-ndjson' },
});

export const imports: Twins = {
  about: 'Files that are read in',
  correct: {
    controllers: [ImportsController],
    providers: [Candidates, Subscribers, Jobs, Letters, Backups, Payments],
    configure: (app: INestApplication) => {
      const nest = app as NestExpressApplication;
      nest.useBodyParser('text', { type: ['text/csv', 'application/x-ndjson'] });
      nest.useBodyParser('raw', { type: 'application/octet-stream' });
    },
  },
  examples: {
    'POST /candidates/import': ({ candidate }, { canary }) => ({
      body: [{ name: canary('name'), email: candidate.email }],
    }),
    'POST /subscribers/import': (_rows, { canary }) => csvOf(`${canary('subscriber')}@example.test`),
    'POST /jobs/import': (_rows, { canary }) => ({ body: sheetOf(['title', 'category'], [canary('title'), 'sales']) }),
    'POST /letters': ({ application }, { canary }) => ({ body: letterOf(application.id, canary('letter')) }),
    'POST /backups/restore': ({ note }, { canary }) => ({
      body: gzipSync(JSON.stringify({ notes: [{ id: note.id, body: canary('body') }] })),
    }),
    'POST /payments': () => linesOf({ number: 1 }),
  },
  leaks: [
    {
      name: 'an import that finds rows by an e-mail address alone',
      entrance: 'POST /candidates/import',
      leaky: instead(
        Candidates,
        class extends Candidates {
          protected override rename({ name, email }: CandidateRow) {
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
      byHand: ({ acme, theirs, harms }) => {
        const { body, headers } = csvOf(theirs.subscriber.email);
        return harms(() => acme.post('/subscribers/import', body, { headers }));
      },
    },
    {
      name: 'a column of a sheet that says whose a row is',
      entrance: 'POST /jobs/import',
      leaky: instead(
        Jobs,
        class extends Jobs {
          protected override complete(row: Row) {
            return { tenant_id: this.tenantId, ...row };
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) =>
        harms(() => acme.post('/jobs/import', sheetOf(['title', 'tenant_id'], ['from acme', theirs.job.tenantId]))),
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
    {
      name: 'a backup that says whose it is',
      entrance: 'POST /backups/restore',
      leaky: instead(
        Backups,
        class extends Backups {
          protected override ownerOf({ tenantId }: Backup) {
            return tenantId ?? this.tenantId;
          }
        },
      ),
      byHand: ({ acme, theirs, harms }) => {
        const notes = [{ id: theirs.note.id, body: 'from acme' }];
        const backup: Backup = { tenantId: theirs.job.tenantId, notes };
        return harms(() => acme.post('/backups/restore', gzipSync(JSON.stringify(backup))));
      },
    },
    {
      name: 'a list of payments by numbers that every tenant counts for itself',
      entrance: 'POST /payments',
      leaky: instead(
        Payments,
        class extends Payments {
          protected override pay({ number }: { readonly number: number }) {
            return this.many('update invoice set is_paid = true where number = $1 returning id', number);
          }
        },
      ),
      byHand: ({ acme, harms }) => {
        const { body, headers } = linesOf({ number: 1 });
        return harms(() => acme.post('/payments', body, { headers }));
      },
    },
  ],
};
