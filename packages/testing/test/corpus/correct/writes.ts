import { createHash, randomUUID } from 'node:crypto';
import {
  BadRequestException,
  Body,
  ConflictException,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  HttpException,
  Injectable,
  Param,
  ParseArrayPipe,
  ParseIntPipe,
  ParseUUIDPipe,
  Patch,
  Post,
  PreconditionFailedException,
  Put,
  Res,
  ValidationPipe,
} from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  ArrayMinSize,
  IsArray,
  IsEmail,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Min,
  ValidateNested,
} from 'class-validator';
import type { Response } from 'express';
import { type Application, Db } from './application.js';

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
};

@Controller('messages')
class Messages {
  constructor(private readonly db: Db) {}

  @Get()
  inbox() {
    return this.db.many(
      'select id, text from message where tenant_id = $1 and deleted_at is null order by id',
      this.db.tenantId,
    );
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id', ParseUUIDPipe) id: string) {
    await this.db.one(
      'update message set deleted_at = now() where id = $1 and tenant_id = $2 and deleted_at is null returning id',
      id,
      this.db.tenantId,
    );
  }

  /** Undo is idempotent: what was not deleted stays. */
  @Post(':id/restore')
  restore(@Param('id', ParseUUIDPipe) id: string) {
    return this.db.one(
      'update message set deleted_at = null where id = $1 and tenant_id = $2 returning id, text',
      id,
      this.db.tenantId,
    );
  }

  @Get('trash')
  trash() {
    return this.db.many(
      'select id, text, deleted_at from message where tenant_id = $1 and deleted_at is not null order by deleted_at desc',
      this.db.tenantId,
    );
  }
}

const softDeletes: Application = {
  name: 'messages that are deleted softly and come back',
  schema:
    'create table message (id uuid primary key, tenant_id text not null, text text not null, deleted_at timestamptz);',
  controllers: [Messages],
  seed: async (tenant, { canary, db }) => {
    const message = { id: randomUUID(), text: canary('text') };
    const old = { id: randomUUID(), text: canary('old') };
    await db.many('insert into message values ($1, $2, $3)', message.id, tenant.id, message.text);
    await db.many('insert into message values ($1, $2, $3, now())', old.id, tenant.id, old.text);
    return { message, old };
  },
  works: async (client, { message }) => [
    await client.get('/messages'),
    await client.delete(`/messages/${message.id}`),
    await client.get('/messages/trash'),
    await client.post(`/messages/${message.id}/restore`),
  ],
};

class Setting {
  @IsString()
  value!: string;
}

@Controller()
class Audited {
  constructor(private readonly db: Db) {}

  @Get('settings/:key')
  find(@Param('key') key: string) {
    return this.db.one('select key, value from setting where tenant_id = $1 and key = $2', this.db.tenantId, key);
  }

  @Put('settings/:key')
  async write(@Param('key') key: string, @Body() { value }: Setting) {
    const { tenantId } = this.db;
    const [before] = await this.db.many('select value from setting where tenant_id = $1 and key = $2', tenantId, key);
    await this.db.many(
      'insert into setting values ($1, $2, $3) on conflict (tenant_id, key) do update set value = excluded.value',
      tenantId,
      key,
      value,
    );
    await this.db.many(
      'insert into audit (tenant_id, key, before, after) values ($1, $2, $3, $4)',
      tenantId,
      key,
      before?.value ?? null,
      value,
    );
    return { key, value };
  }

  @Get('audit')
  audit() {
    return this.db.many(
      'select at, key, before, after from audit where tenant_id = $1 order by id desc limit 50',
      this.db.tenantId,
    );
  }
}

const auditLog: Application = {
  name: 'settings with an audit log',
  schema: `create table setting (tenant_id text, key text, value text not null, primary key (tenant_id, key));
    create table audit (id serial primary key, tenant_id text not null, at timestamptz not null default now(), key text not null,
      before text, after text not null);`,
  controllers: [Audited],
  configure: validated,
  examples: {
    'PUT /settings/:key': (_rows, { canary }) => ({ path: { key: 'signature' }, body: { value: canary('value') } }),
  },
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.put('/settings/signature', { value: canary('value') });
    return { setting: body as { key: string; value: string } };
  },
  works: (client) => [
    client.get('/settings/signature'),
    client.put('/settings/signature', { value: 'Kind regards' }),
    client.get('/audit'),
  ],
};

class Draft {
  @IsString()
  text!: string;
}

/** `If-Match` says which version somebody has seen. */
@Controller('drafts')
class Drafts {
  constructor(private readonly db: Db) {}

  @Get(':id')
  async find(@Param('id', ParseUUIDPipe) id: string, @Res({ passthrough: true }) response: Response) {
    const draft = await this.db.one(
      'select id, text, version from draft where id = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
    response.set('etag', `"${draft.version}"`);
    return draft;
  }

  @Put(':id')
  async save(@Param('id', ParseUUIDPipe) id: string, @Body() { text }: Draft, @Headers('if-match') ifMatch?: string) {
    const { version } = await this.db.one(
      'select version from draft where id = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
    if (ifMatch === undefined) throw new HttpException('if-match is required', 428);
    if (ifMatch !== '*' && ifMatch !== `"${version}"`)
      throw new PreconditionFailedException(`The draft is at version ${version}`);
    return this.db.one(
      'update draft set text = $3, version = version + 1 where id = $1 and tenant_id = $2 returning id, text, version',
      id,
      this.db.tenantId,
      text,
    );
  }
}

const ifMatch: Application = {
  name: 'drafts that are saved with If-Match',
  schema:
    'create table draft (id uuid primary key, tenant_id text not null, text text not null, version int not null default 1);',
  controllers: [Drafts],
  configure: validated,
  examples: {
    'PUT /drafts/:id': (_rows, { canary }) => ({ headers: { 'if-match': '*' }, body: { text: canary('text') } }),
  },
  seed: async (tenant, { canary, db }) => {
    const draft = { id: randomUUID(), text: canary('text') };
    await db.many('insert into draft values ($1, $2, $3)', draft.id, tenant.id, draft.text);
    return { draft };
  },
  works: (client, { draft }) => [
    client.get(`/drafts/${draft.id}`),
    client.put(`/drafts/${draft.id}`, { text: 'Dear all' }, { headers: { 'if-match': '*' } }),
  ],
};

class Stock {
  @IsInt()
  @Min(0)
  amount!: number;

  /** As it was read. */
  @IsOptional()
  @IsInt()
  version?: number;
}

@Controller('stock')
class Stocks {
  constructor(private readonly db: Db) {}

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number) {
    return this.db.one(
      'select id, article, amount, version from stock where id = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
  }

  @Patch(':id')
  async change(@Param('id', ParseIntPipe) id: number, @Body() { amount, version }: Stock) {
    await this.find(id);
    const [changed] = await this.db.many(
      `update stock set amount = $3, version = version + 1 where id = $1 and tenant_id = $2 and ($4::int is null or version = $4)
       returning id, article, amount, version`,
      id,
      this.db.tenantId,
      amount,
      version ?? null,
    );
    if (!changed) throw new ConflictException('somebody else has changed it');
    return changed;
  }
}

const versionColumn: Application = {
  name: 'stock with a version against lost updates',
  schema: `create table stock (id serial primary key, tenant_id text not null, article text not null, amount int not null default 5,
    version int not null default 1);`,
  controllers: [Stocks],
  configure: validated,
  seed: async (tenant, { canary, db }) => {
    const article = canary('article');
    const { id } = await db.one(
      'insert into stock (tenant_id, article) values ($1, $2) returning id',
      tenant.id,
      article,
    );
    return { stock: { id, article } };
  },
  works: async (client, { stock }) => [
    await client.get(`/stock/${stock.id}`),
    await client.patch(`/stock/${stock.id}`, { amount: 4, version: 1 }),
  ],
};

class Payment {
  @IsString()
  reference!: string;

  @IsInt()
  @Min(1)
  amount!: number;
}

/** A request that is sent again with the same key is answered as the first time. */
@Injectable()
class Idempotency {
  constructor(private readonly db: Db) {}

  async once<T>(key: string, body: unknown, work: () => Promise<T>): Promise<T> {
    const hash = createHash('sha256').update(JSON.stringify(body)).digest('hex');
    const [known] = await this.db.many(
      'select hash, answer from idempotency where tenant_id = $1 and key = $2',
      this.db.tenantId,
      key,
    );
    if (known && known.hash !== hash) throw new HttpException('The key was used for another request', 422);
    if (known) return known.answer as T;
    const answer = await work();
    await this.db.many(
      'insert into idempotency values ($1, $2, $3, $4) on conflict do nothing',
      this.db.tenantId,
      key,
      hash,
      JSON.stringify(answer),
    );
    return answer;
  }
}

@Controller('payments')
class Payments {
  constructor(
    private readonly db: Db,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  pay(@Headers('idempotency-key') key: string | undefined, @Body() body: Payment) {
    if (!key) throw new BadRequestException('idempotency-key is missing');
    return this.idempotency.once(key, body, () =>
      this.db.one(
        'insert into payment values ($1, $2, $3, $4) returning id, reference, amount',
        randomUUID(),
        this.db.tenantId,
        body.reference,
        body.amount,
      ),
    );
  }

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    return this.db.one(
      'select id, reference, amount from payment where id = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
  }
}

const idempotencyKeys: Application = {
  name: 'payments with idempotency keys of each tenant',
  schema: `create table payment (id uuid primary key, tenant_id text not null, reference text not null, amount int not null);
    create table idempotency (tenant_id text, key text, hash text not null, answer jsonb not null, primary key (tenant_id, key));`,
  controllers: [Payments],
  providers: [Idempotency],
  configure: validated,
  examples: {
    'POST /payments': (_rows, { canary }) => ({
      headers: { 'idempotency-key': canary('key') },
      body: { reference: canary('reference'), amount: 100 },
    }),
  },
  seed: async (_tenant, { canary, client }) => {
    const answer = await client.post(
      '/payments',
      { reference: canary('reference'), amount: 1200 },
      { headers: { 'idempotency-key': canary('key') } },
    );
    return { payment: answer.body as { id: string } };
  },
  works: (client, { payment }) => [
    client.get(`/payments/${payment.id}`),
    client.post('/payments', { reference: 'rent', amount: 5 }, { headers: { 'idempotency-key': 'rent-5' } }),
  ],
};

class NewUser {
  @IsEmail()
  email!: string;

  @IsString()
  name!: string;
}

@Controller('users')
class Users {
  constructor(private readonly db: Db) {}

  @Get()
  list() {
    return this.db.many('select id, email, name from person where tenant_id = $1 order by email', this.db.tenantId);
  }

  @Post()
  async create(@Body() { email, name }: NewUser) {
    const [made] = await this.db.many(
      'insert into person values ($1, $2, $3, $4) on conflict (tenant_id, email) do nothing returning id, email, name',
      randomUUID(),
      this.db.tenantId,
      email.toLowerCase(),
      name,
    );
    if (!made) throw new ConflictException('This address has an account already');
    return made;
  }

  @Get('available')
  async available(@Headers('x-email') email = '') {
    const [taken] = await this.db.many(
      'select 1 from person where tenant_id = $1 and email = $2',
      this.db.tenantId,
      email.toLowerCase(),
    );
    return { available: !taken };
  }
}

const uniqueEmails: Application = {
  name: 'users whose addresses are unique at their company',
  schema: `create table person (id uuid primary key, tenant_id text not null, email text not null, name text not null, unique (tenant_id, email));`,
  controllers: [Users],
  configure: validated,
  examples: { 'GET /users/available': ({ user }) => ({ headers: { 'x-email': user.email } }) },
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/users', { email: `${canary('email')}@example.test`, name: canary('name') });
    return { user: body as { id: string; email: string } };
  },
  works: (client, { user }) => [
    client.get('/users'),
    client.get('/users/available', { headers: { 'x-email': user.email } }),
    client.post('/users', { email: 'new@example.test', name: 'New' }),
  ],
};

const PLAN_LIMIT = 500;

@Controller('projects')
class Projects {
  constructor(private readonly db: Db) {}

  @Post()
  async create(@Body() { text }: Draft) {
    const { used } = await this.usage();
    if (used >= PLAN_LIMIT) throw new HttpException('Your plan has no more projects', 402);
    return this.db.one(
      'insert into project (tenant_id, name) values ($1, $2) returning id, name',
      this.db.tenantId,
      text,
    );
  }

  @Get('usage')
  async usage() {
    const { used } = await this.db.one(
      'select count(*)::int as used from project where tenant_id = $1',
      this.db.tenantId,
    );
    return { used, limit: PLAN_LIMIT, left: PLAN_LIMIT - used };
  }
}

const quotas: Application = {
  name: 'projects within the quota of a plan',
  schema: 'create table project (id serial primary key, tenant_id text not null, name text not null);',
  controllers: [Projects],
  configure: validated,
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/projects', { text: canary('name') });
    return { project: body as { id: number; name: string } };
  },
  works: (client) => [client.get('/projects/usage'), client.post('/projects', { text: 'Relaunch' })],
};

class NewInvoice {
  @IsString()
  customer!: string;

  @IsInt()
  @Min(1)
  amount!: number;
}

/** Numbers without gaps, of each tenant and year. */
@Controller('invoices')
class Invoices {
  constructor(private readonly db: Db) {}

  @Post()
  create(@Body() { customer, amount }: NewInvoice) {
    return this.db.one(
      `with next as (
         insert into invoice_number as n values ($1, extract(year from now())::int, 1)
         on conflict (tenant_id, year) do update set last = n.last + 1 returning year, last)
       insert into invoice select gen_random_uuid(), $1, year || '-' || lpad(last::text, 5, '0'), $2, $3 from next
       returning id, number, customer, amount`,
      this.db.tenantId,
      customer,
      amount,
    );
  }

  @Get()
  list() {
    return this.db.many(
      'select id, number, customer, amount from invoice where tenant_id = $1 order by number desc',
      this.db.tenantId,
    );
  }

  @Get('by-number/:number')
  byNumber(@Param('number') number: string) {
    return this.db.one(
      'select id, customer, amount from invoice where tenant_id = $1 and number = $2',
      this.db.tenantId,
      number,
    );
  }
}

const invoiceNumbers: Application = {
  name: 'invoices that each tenant numbers by year',
  schema: `create table invoice_number (tenant_id text, year int, last int not null, primary key (tenant_id, year));
    create table invoice (id uuid primary key, tenant_id text not null, number text not null, customer text not null, amount int not null,
      unique (tenant_id, number));`,
  controllers: [Invoices],
  configure: validated,
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/invoices', { customer: canary('customer'), amount: 990 });
    return { invoice: body as { id: string; number: string } };
  },
  works: (client, { invoice }) => [
    client.get('/invoices'),
    client.get(`/invoices/by-number/${invoice.number}`),
    client.post('/invoices', { customer: 'Ada', amount: 10 }),
  ],
};

class Chosen {
  @IsArray()
  @ArrayMinSize(1)
  @IsUUID('all', { each: true })
  ids!: string[];
}

@Controller('photos')
class Photos {
  constructor(private readonly db: Db) {}

  @Post('archive')
  @HttpCode(200)
  async archive(@Body() { ids }: Chosen) {
    const archived = await this.db.many(
      'update photo set is_archived = true where tenant_id = $1 and id = any($2) returning id',
      this.db.tenantId,
      ids,
    );
    return { archived: archived.length };
  }

  @Post('delete')
  @HttpCode(204)
  async remove(@Body() { ids }: Chosen) {
    await this.db.many('delete from photo where tenant_id = $1 and id = any($2)', this.db.tenantId, ids);
  }

  @Get()
  list() {
    return this.db.many(
      'select id, caption, is_archived from photo where tenant_id = $1 order by caption',
      this.db.tenantId,
    );
  }
}

const bulk: Application = {
  name: 'photos that are archived and deleted in bulk',
  schema:
    'create table photo (id uuid primary key, tenant_id text not null, caption text not null, is_archived boolean not null default false);',
  controllers: [Photos],
  configure: validated,
  cleans: true,
  examples: {
    'POST /photos/archive': ({ photo }) => ({ body: { ids: [photo.id] } }),
    'POST /photos/delete': ({ photo }) => ({ body: { ids: [photo.id] } }),
  },
  seed: async (tenant, { canary, db }) => {
    const photo = { id: randomUUID(), caption: canary('caption') };
    await db.many('insert into photo values ($1, $2, $3)', photo.id, tenant.id, photo.caption);
    return { photo };
  },
  works: async (client, { photo }) => [
    await client.get('/photos'),
    await client.post('/photos/archive', { ids: [photo.id] }),
    await client.post('/photos/delete', { ids: [photo.id] }),
  ],
};

class ImportedRow {
  @IsString()
  name!: string;

  @IsEmail()
  email!: string;
}

class Import {
  @IsArray()
  @ArrayMinSize(1)
  @ValidateNested({ each: true })
  @Type(() => ImportedRow)
  rows!: ImportedRow[];
}

@Controller('leads')
class Leads {
  constructor(private readonly db: Db) {}

  @Post('import')
  async import(@Body() { rows }: Import) {
    let created = 0;
    for (const { name, email } of rows) {
      const { fresh } = await this.db.one(
        `insert into lead values ($1, $2, $3) on conflict (tenant_id, email) do update set name = excluded.name returning xmax = 0 as fresh`,
        this.db.tenantId,
        email,
        name,
      );
      if (fresh) created++;
    }
    return { created, updated: rows.length - created };
  }

  /** Addresses in their new order. */
  @Post('reorder')
  @HttpCode(204)
  async reorder(@Body(new ParseArrayPipe({ items: String })) emails: string[]) {
    for (const [place, email] of emails.entries()) {
      await this.db.many(
        'update lead set place = $3 where tenant_id = $1 and email = $2',
        this.db.tenantId,
        email,
        place,
      );
    }
  }

  @Get()
  list() {
    return this.db.many(
      'select email, name, place from lead where tenant_id = $1 order by place nulls last, email',
      this.db.tenantId,
    );
  }
}

const imports: Application = {
  name: 'leads that are imported as JSON, and put in order',
  schema:
    'create table lead (tenant_id text, email text, name text not null, place int, primary key (tenant_id, email));',
  controllers: [Leads],
  configure: validated,
  examples: {
    'POST /leads/import': (_rows, { canary }) => ({
      body: { rows: [{ name: canary('name'), email: `${canary('email')}@example.test` }] },
    }),
    'POST /leads/reorder': ({ lead }) => ({ body: [lead.email] }),
  },
  seed: async (_tenant, { canary, client }) => {
    const lead = { name: canary('name'), email: `${canary('email')}@example.test` };
    await client.post('/leads/import', { rows: [lead] });
    return { lead };
  },
  works: (client, { lead }) => [
    client.get('/leads'),
    client.post('/leads/reorder', [lead.email]),
    client.post('/leads/import', { rows: [{ name: 'Ada', email: 'ada@example.test' }] }),
  ],
};

export const writes: readonly Application[] = [
  softDeletes,
  auditLog,
  ifMatch,
  versionColumn,
  idempotencyKeys,
  uniqueEmails,
  quotas,
  invoiceNumbers,
  bulk,
  imports,
];
