import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { Controller, Get, Header, Inject, Injectable, Param, StreamableFile } from '@nestjs/common';
import { instead, type Twins } from '../leak.js';
import { raw } from '../raw.js';
import { type Row, Tables } from '../tables.js';
import { unzipped, zipOf } from '../zip.js';

/** Everything that a tenant has, to be taken along. */
@Injectable()
class Archive extends Tables {
  async zip(): Promise<Buffer> {
    const [candidates, letters] = await Promise.all([this.candidates(), this.letters()]);
    return zipOf({ 'candidates.csv': csv(candidates), 'letters.csv': csv(letters) });
  }

  async backup(): Promise<Buffer> {
    return gzipSync(JSON.stringify({ version: 1, notes: await this.notes() }));
  }

  protected candidates(): Promise<Row[]> {
    return this.many('select name, email from candidate where tenant_id = $1', this.tenantId);
  }

  protected letters(): Promise<Row[]> {
    return this.many('select letter from application where tenant_id = $1', this.tenantId);
  }

  protected notes(): Promise<Row[]> {
    return this.many('select id, body from note where tenant_id = $1', this.tenantId);
  }
}

/** A workbook has each text once, in a list that all its sheets refer to. */
@Injectable()
class Workbooks extends Tables {
  async invoices(): Promise<Buffer> {
    const rows = await this.many('select customer, amount from invoice where tenant_id = $1', this.tenantId);
    const texts = await this.texts();
    const cells = rows.map(
      ({ customer, amount }) => `<c t="s"><v>${texts.indexOf(customer)}</v></c><c><v>${amount}</v></c>`,
    );
    return zipOf({
      'xl/sharedStrings.xml': `<sst>${texts.map((text) => `<si><t>${text}</t></si>`).join('')}</sst>`,
      'xl/worksheets/sheet1.xml': `<sheetData>${cells.map((cell) => `<row>${cell}</row>`).join('')}</sheetData>`,
    });
  }

  protected async texts(): Promise<string[]> {
    const rows = await this.many('select distinct customer from invoice where tenant_id = $1', this.tenantId);
    return rows.map(({ customer }) => customer);
  }
}

@Injectable()
class Prints extends Tables {
  async invoice(id: string): Promise<Buffer> {
    const invoice = await this.one(
      'select id, number, customer, amount from invoice where id = $1 and tenant_id = $2',
      id,
      this.tenantId,
    );
    const [previous] = await this.previous(invoice);
    return pdf([
      `Invoice ${invoice['number']}`,
      invoice['customer'],
      `${invoice['amount']} EUR`,
      `Carried over: ${previous?.['amount'] ?? 0} EUR of ${previous?.['customer'] ?? 'nobody'}`,
    ]);
  }

  protected previous({ id, number }: Row): Promise<Row[]> {
    return this.many(
      `select customer, amount from invoice where id <> $1 and number <= $2 and tenant_id = $3
        order by number desc limit 1`,
      id,
      number,
      this.tenantId,
    );
  }
}

/** For a program that reads no other encoding. */
@Injectable()
class Sheets extends Tables {
  async subscribers(): Promise<Buffer> {
    return Buffer.from(`\ufeff${csv(await this.rows())}`, 'utf16le');
  }

  protected rows(): Promise<Row[]> {
    return this.many('select email from tenant_subscriber where tenant_id = $1', this.tenantId);
  }
}

/** An application in the browser begins with it. */
@Injectable()
class Snapshots extends Tables {
  async snapshot(): Promise<{ version: number; data: string }> {
    return { version: 1, data: gzipSync(JSON.stringify({ jobs: await this.jobs() })).toString('base64') };
  }

  protected jobs(): Promise<Row[]> {
    return this.many('select id, title from job where tenant_id = $1', this.tenantId);
  }
}

/** Lines of a calendar are not longer than 75 characters. */
@Injectable()
class Calendar extends Tables {
  async events(): Promise<string> {
    const rows = await this.rows();
    return ['BEGIN:VCALENDAR', ...rows.map(({ letter }) => `DESCRIPTION:An interview about the letter ${letter}`)]
      .map((line) => line.replace(/(.{50})(?=.)/g, '$1\r\n '))
      .join('\r\n');
  }

  protected rows(): Promise<Row[]> {
    return this.many('select letter from application where tenant_id = $1 order by id', this.tenantId);
  }
}

/** Cards for the address book, whose texts are escaped for old mail programs. */
@Injectable()
class Cards extends Tables {
  async cards(): Promise<string> {
    const rows = await this.people();
    return rows
      .map(({ name }) => `BEGIN:VCARD\r\nN;ENCODING=QUOTED-PRINTABLE:${quotedPrintable(name)}\r\nEND:VCARD\r\n`)
      .join('');
  }

  protected people(): Promise<Row[]> {
    return this.many('select name from candidate where tenant_id = $1', this.tenantId);
  }
}

const csv = (rows: readonly Row[]) => rows.map((row) => `${Object.values(row).join(';')}\r\n`).join('');

const quotedPrintable = (text: string) =>
  [...Buffer.from(text)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

const readable = (escaped: string) =>
  escaped.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));

function pdf(lines: readonly string[]): Buffer {
  const page = deflateSync(`BT /F1 12 Tf ${lines.map((line) => `(${line}) Tj T*`).join(' ')} ET`);
  return Buffer.concat([
    Buffer.from(`%PDF-1.4\n4 0 obj\n<< /Length ${page.length} /Filter /FlateDecode >>\nstream\n`),
    page,
    Buffer.from('\nendstream\nendobj\n%%EOF\n'),
  ]);
}

function pageOf(document: Buffer): string {
  const begin = document.indexOf('stream\n') + 'stream\n'.length;
  return inflateSync(document.subarray(begin, document.indexOf('\nendstream'))).toString();
}

@Controller()
class PackedController {
  constructor(
    @Inject(Archive) private readonly archive: Archive,
    @Inject(Workbooks) private readonly workbooks: Workbooks,
    @Inject(Prints) private readonly prints: Prints,
    @Inject(Sheets) private readonly sheets: Sheets,
    @Inject(Snapshots) private readonly snapshots: Snapshots,
    @Inject(Calendar) private readonly calendar: Calendar,
    @Inject(Cards) private readonly addresses: Cards,
  ) {}

  @Get('archive.zip')
  async zip() {
    return new StreamableFile(await this.archive.zip(), { type: 'application/zip' });
  }

  @Get('backup.gz')
  async backup() {
    return new StreamableFile(await this.archive.backup(), { type: 'application/gzip' });
  }

  @Get('invoices.xlsx')
  async workbook() {
    return new StreamableFile(await this.workbooks.invoices(), {
      type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    });
  }

  @Get('invoices/:id/pdf')
  async print(@Param('id') id: string) {
    return new StreamableFile(await this.prints.invoice(id), { type: 'application/pdf' });
  }

  @Get('subscribers.csv')
  async subscribers() {
    return new StreamableFile(await this.sheets.subscribers(), { type: 'text/csv; charset=utf-16le' });
  }

  @Get('snapshot')
  snapshot() {
    return this.snapshots.snapshot();
  }

  @Get('interviews.ics')
  @Header('content-type', 'text/calendar')
  events() {
    return this.calendar.events();
  }

  @Get('candidates.vcf')
  @Header('content-type', 'text/vcard')
  cards() {
    return this.addresses.cards();
  }
}

export const packed: Twins = {
  about: 'Texts that are packed',
  correct: {
    controllers: [PackedController],
    providers: [Archive, Workbooks, Prints, Sheets, Snapshots, Calendar, Cards],
  },
  leaks: [
    {
      name: 'a compressed file in an archive',
      entrance: 'GET /archive.zip',
      leaky: instead(
        Archive,
        class extends Archive {
          protected override letters() {
            return this.many('select letter from application');
          }
        },
      ),
      byHand: async (scene) => scene.shows(unzipped((await raw(scene, scene.acme, '/archive.zip')).bytes)),
    },
    {
      name: 'a backup that is a compressed file',
      entrance: 'GET /backup.gz',
      leaky: instead(
        Archive,
        class extends Archive {
          protected override notes() {
            return this.many('select id, body from note');
          }
        },
      ),
      byHand: async (scene) => scene.shows(gunzipSync((await raw(scene, scene.acme, '/backup.gz')).bytes).toString()),
    },
    {
      name: 'texts of a workbook that none of its sheets shows',
      entrance: 'GET /invoices.xlsx',
      leaky: instead(
        Workbooks,
        class extends Workbooks {
          protected override async texts() {
            const rows = await this.many('select distinct customer from invoice');
            return rows.map(({ customer }) => customer);
          }
        },
      ),
      byHand: async (scene) => scene.shows(unzipped((await raw(scene, scene.acme, '/invoices.xlsx')).bytes)),
    },
    {
      name: 'a line on a printed page',
      entrance: 'GET /invoices/:id/pdf',
      leaky: instead(
        Prints,
        class extends Prints {
          protected override previous({ id, number }: Row) {
            return this.many(
              'select customer, amount from invoice where id <> $1 and number <= $2 order by number desc limit 1',
              id,
              number,
            );
          }
        },
      ),
      byHand: async (scene) =>
        scene.shows(pageOf((await raw(scene, scene.acme, `/invoices/${scene.ours.invoice.id}/pdf`)).bytes)),
    },
    {
      name: 'a sheet in an encoding of two bytes',
      entrance: 'GET /subscribers.csv',
      leaky: instead(
        Sheets,
        class extends Sheets {
          protected override rows() {
            return this.many('select email from tenant_subscriber');
          }
        },
      ),
      byHand: async (scene) =>
        scene.shows((await raw(scene, scene.acme, '/subscribers.csv')).bytes.toString('utf16le')),
    },
    {
      name: 'a compressed text inside of JSON',
      entrance: 'GET /snapshot',
      leaky: instead(
        Snapshots,
        class extends Snapshots {
          protected override jobs() {
            return this.many('select id, title from job');
          }
        },
      ),
      byHand: async ({ acme, shows }) => {
        const { data } = (await acme.get('/snapshot')).body as { data: string };
        return shows(gunzipSync(Buffer.from(data, 'base64')).toString());
      },
    },
    {
      name: 'lines that are folded',
      entrance: 'GET /interviews.ics',
      leaky: instead(
        Calendar,
        class extends Calendar {
          protected override rows() {
            return this.many('select letter from application order by id');
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows((await acme.get('/interviews.ics')).text.replaceAll('\r\n ', '')),
    },
    {
      name: 'a text in which every sign is escaped',
      entrance: 'GET /candidates.vcf',
      leaky: instead(
        Cards,
        class extends Cards {
          protected override people() {
            return this.many('select name from candidate');
          }
        },
      ),
      byHand: async ({ acme, shows }) => shows(readable((await acme.get('/candidates.vcf')).text)),
    },
  ],
};
