import { createHash, randomUUID } from 'node:crypto';
import {
  BadRequestException,
  Controller,
  Get,
  Header,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
  Req,
  Res,
  StreamableFile,
  UploadedFile,
  UseInterceptors,
} from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { strToU8, zipSync } from 'fflate';
import { type Application, Db } from './application.js';

const FILES = `create table file (id uuid primary key, tenant_id text not null, name text not null, type text not null default 'text/plain',
  content bytea not null, changed_at timestamptz not null default now());`;

const plantFile: Application['seed'] = async (tenant, { canary, db }) => {
  const file = { id: randomUUID(), name: `${canary('name')}.txt`, content: canary('content') };
  await db.many(
    'insert into file (id, tenant_id, name, content) values ($1, $2, $3, $4)',
    file.id,
    tenant.id,
    file.name,
    Buffer.from(file.content),
  );
  return { file };
};

const upload = (content: string, name = 'notes.txt') => {
  const form = new FormData();
  form.append('file', new Blob([content], { type: 'text/plain' }), name);
  return form;
};

/** As Multer keeps it. */
interface Uploaded {
  readonly originalname: string;
  readonly mimetype: string;
  readonly buffer: Buffer;
}

@Controller('files')
class Files {
  constructor(private readonly db: Db) {}

  @Post()
  @UseInterceptors(FileInterceptor('file', { limits: { fileSize: 1_000_000 } }))
  async upload(@UploadedFile() file?: Uploaded) {
    if (!file) throw new BadRequestException('file is missing');
    return this.db.one(
      'insert into file (id, tenant_id, name, type, content) values ($1, $2, $3, $4, $5) returning id, name, type, length(content) as size',
      randomUUID(),
      this.db.tenantId,
      file.originalname,
      file.mimetype,
      file.buffer,
    );
  }

  @Get(':id')
  async download(@Param('id', ParseUUIDPipe) id: string) {
    const { name, type, content } = await this.db.one(
      'select name, type, content from file where id = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
    return new StreamableFile(content, { type, disposition: `attachment; filename="${name}"`, length: content.length });
  }

  @Get()
  list() {
    return this.db.many(
      'select id, name, length(content) as size from file where tenant_id = $1 order by name',
      this.db.tenantId,
    );
  }
}

const uploads: Application = {
  name: 'files that are uploaded with Multer and downloaded again',
  schema: FILES,
  controllers: [Files],
  examples: { 'POST /files': (_rows, { canary }) => ({ body: upload(canary('content'), `${canary('name')}.txt`) }) },
  seed: plantFile,
  works: (client, { file }) => [
    client.post('/files', upload('Hello')),
    client.get(`/files/${file.id}`),
    client.get('/files'),
  ],
};

@Controller('exports')
class Exports {
  constructor(private readonly db: Db) {}

  private rows() {
    return this.db.many(
      'select name, convert_from(content, $2) as content from file where tenant_id = $1 order by name',
      this.db.tenantId,
      'utf8',
    );
  }

  @Get('files.csv')
  @Header('content-type', 'text/csv; charset=utf-8')
  @Header('content-disposition', 'attachment; filename="files.csv"')
  async csv() {
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    return [
      'name,content',
      ...(await this.rows()).map(({ name, content }) => `${quoted(name)},${quoted(content)}`),
    ].join('\r\n');
  }

  @Get('files.zip')
  async zip() {
    const entries = (await this.rows()).map(({ name, content }) => [name, strToU8(content)] as const);
    const bytes = zipSync(Object.fromEntries(entries), { mtime: new Date() });
    return new StreamableFile(bytes, { type: 'application/zip', disposition: 'attachment; filename="files.zip"' });
  }

  /** Enough of a PDF for a viewer: one page for each file, and when it was made. */
  @Get('files.pdf')
  async pdf(@Res() response: Response) {
    const lines = (await this.rows()).map(({ name, content }) => `BT /F1 12 Tf 72 720 Td (${name}: ${content}) Tj ET`);
    const made = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    const body = `%PDF-1.4\n1 0 obj << /CreationDate (D:${made}Z) /ID [<${randomUUID().replaceAll('-', '')}>] >> endobj\n${lines.join('\n')}\n%%EOF\n`;
    response.type('application/pdf').send(Buffer.from(body, 'latin1'));
  }

  @Get('files.ndjson')
  async ndjson(@Res() response: Response) {
    response.type('application/x-ndjson');
    for (const row of await this.rows()) response.write(`${JSON.stringify(row)}\n`);
    response.end();
  }

  @Get('files.xml')
  @Header('content-type', 'application/xml')
  async xml() {
    const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    const items = (await this.rows()).map(
      ({ name, content }) => `<file name="${escaped(name)}">${escaped(content)}</file>`,
    );
    return `<?xml version="1.0"?><files>${items.join('')}</files>`;
  }
}

const exported: Application = {
  name: 'exports as CSV, ZIP, PDF, XML and lines of JSON',
  schema: FILES,
  controllers: [Exports],
  seed: plantFile,
  works: (client) => ['csv', 'zip', 'pdf', 'ndjson', 'xml'].map((type) => client.get(`/exports/files.${type}`)),
};

@Controller('pages')
class ConditionalPages {
  constructor(private readonly db: Db) {}

  /** A tag of the content, and 304 where the caller has it. Express compares. */
  @Get(':id')
  async find(@Param('id', ParseUUIDPipe) id: string, @Req() request: Request, @Res() response: Response) {
    const { name, content } = await this.db.one(
      'select name, content from file where id = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
    response.set('etag', `"${createHash('sha256').update(content).digest('base64url')}"`);
    if (request.fresh) return response.status(304).end();
    return response.json({ name, content: content.toString() });
  }

  @Get()
  async list(@Req() request: Request, @Res() response: Response) {
    const rows = await this.db.many(
      'select id, name, changed_at from file where tenant_id = $1 order by name',
      this.db.tenantId,
    );
    const newest = Math.max(0, ...rows.map(({ changed_at }) => changed_at.getTime()));
    response.set('last-modified', new Date(newest).toUTCString());
    if (request.fresh) return response.status(304).end();
    return response.json(rows.map(({ id, name }) => ({ id, name })));
  }
}

const conditional: Application = {
  name: 'ETag and Last-Modified of own rows, and 304',
  schema: FILES,
  controllers: [ConditionalPages],
  seed: async (tenant, seeding) => {
    const { file } = await plantFile(tenant, seeding);
    return { page: file } as never;
  },
  works: (client, { page }) => [client.get(`/pages/${page.id}`), client.get('/pages')],
};

@Controller('media')
class Media {
  constructor(private readonly db: Db) {}

  /** A part of it, for players that jump. */
  @Get(':id')
  async part(@Param('id', ParseUUIDPipe) id: string, @Req() request: Request, @Res() response: Response) {
    const { content } = await this.db.one(
      'select content from file where id = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
    response.set('accept-ranges', 'bytes').type('application/octet-stream');
    const ranges = request.range(content.length);
    if (ranges === -1) return response.status(416).set('content-range', `bytes */${content.length}`).end();
    const range = Array.isArray(ranges) ? ranges[0] : undefined;
    if (!range) return response.send(content);
    response.status(206).set('content-range', `bytes ${range.start}-${range.end}/${content.length}`);
    return response.send(content.subarray(range.start, range.end + 1));
  }

  @Get(':id/preview.svg')
  @Header('content-type', 'image/svg+xml')
  async preview(@Param('id', ParseUUIDPipe) id: string) {
    const { name } = await this.db.one('select name from file where id = $1 and tenant_id = $2', id, this.db.tenantId);
    return `<svg xmlns="http://www.w3.org/2000/svg"><text>${name}</text></svg>`;
  }
}

const ranges: Application = {
  name: 'parts of files by Range, and previews',
  schema: FILES,
  controllers: [Media],
  seed: async (tenant, seeding) => {
    const { file } = await plantFile(tenant, seeding);
    return { media: file } as never;
  },
  examples: {
    'GET /media/:id': ({ media }) => ({ path: { id: media.id } }),
    'GET /media/:id/preview.svg': ({ media }) => ({ path: { id: media.id } }),
  },
  works: (client, { media }) => [
    client.get(`/media/${media.id}`),
    client.get(`/media/${media.id}`, { headers: { range: 'bytes=0-3' } }),
    client.get(`/media/${media.id}/preview.svg`),
  ],
};

/** One line for each contact; whoever is there already is kept. */
@Controller('contacts')
class CsvContacts {
  constructor(private readonly db: Db) {}

  @Post('import')
  @UseInterceptors(FileInterceptor('file'))
  async import(@UploadedFile() file: Uploaded | undefined, @Query('dryRun') dryRun?: string) {
    if (!file) throw new BadRequestException('file is missing');
    const lines = file.buffer.toString().trim().split(/\r?\n/).slice(1);
    const rows = lines.map((line) => line.split(',')).filter(([email = '']) => email.includes('@'));
    if (dryRun === 'true') return { valid: rows.length, invalid: lines.length - rows.length };
    let created = 0;
    for (const [email, name = ''] of rows) {
      const [fresh] = await this.db.many(
        'insert into contact values ($1, $2, $3) on conflict do nothing returning 1',
        this.db.tenantId,
        email,
        name,
      );
      if (fresh) created++;
    }
    return { created, skipped: lines.length - created };
  }

  @Get()
  list() {
    return this.db.many('select email, name from contact where tenant_id = $1 order by email', this.db.tenantId);
  }
}

const csvOf = (email: string, name: string) => upload(`email,name\n${email},${name}\n`, 'contacts.csv');

const csvImport: Application = {
  name: 'contacts from a CSV file',
  schema: 'create table contact (tenant_id text, email text, name text not null, primary key (tenant_id, email));',
  controllers: [CsvContacts],
  examples: {
    'POST /contacts/import': (_rows, { canary }) => ({
      body: csvOf(`${canary('email')}@example.test`, canary('name')),
    }),
  },
  seed: async (_tenant, { canary, client }) => {
    const contact = { email: `${canary('email')}@example.test`, name: canary('name') };
    await client.post('/contacts/import', csvOf(contact.email, contact.name));
    return { contact };
  },
  works: (client) => [client.post('/contacts/import', csvOf('ada@example.test', 'Ada')), client.get('/contacts')],
};

export const files: readonly Application[] = [uploads, exported, conditional, ranges, csvImport];
