import { randomBytes, randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Injectable,
  NotFoundException,
  Param,
  ParseIntPipe,
  ParseUUIDPipe,
  Patch,
  Post,
  Put,
  ValidationPipe,
} from '@nestjs/common';
import { IsBoolean, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { monotonicFactory } from 'ulid';
import { type Application, Db } from './application.js';

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
};

class NewTicket {
  @IsString()
  @Length(1, 200)
  subject!: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(5)
  priority?: number;
}

@Controller('tickets')
class SerialTickets {
  constructor(private readonly db: Db) {}

  @Get()
  list() {
    return this.db.many('select id, subject, priority from ticket where tenant_id = $1 order by id', this.db.tenantId);
  }

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number) {
    return this.db.one('select * from ticket where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }

  @Post()
  create(@Body() { subject, priority = 3 }: NewTicket) {
    return this.db.one(
      'insert into ticket (tenant_id, subject, priority) values ($1, $2, $3) returning *',
      this.db.tenantId,
      subject,
      priority,
    );
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id', ParseIntPipe) id: number) {
    await this.db.one('delete from ticket where id = $1 and tenant_id = $2 returning id', id, this.db.tenantId);
  }
}

const serialIds: Application = {
  name: 'tickets with the serial ids of one table',
  schema: `create table ticket (id serial primary key, tenant_id text not null, subject text not null, priority int not null default 3);`,
  controllers: [SerialTickets],
  configure: validated,
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/tickets', { subject: canary('subject') });
    return { ticket: body as { id: number } };
  },
  works: async (client, { ticket }) => [
    await client.get('/tickets'),
    await client.get(`/tickets/${ticket.id}`),
    await client.post('/tickets', { subject: 'Printer on fire' }),
    await client.delete(`/tickets/${ticket.id}`),
  ],
};

/** Each tenant counts from one, so that both have a ticket 7. */
@Injectable()
class Numbers {
  constructor(private readonly db: Db) {}

  async next(of: string): Promise<number> {
    const { last } = await this.db.one(
      `insert into counter (tenant_id, name, last) values ($1, $2, 1)
       on conflict (tenant_id, name) do update set last = counter.last + 1 returning last`,
      this.db.tenantId,
      of,
    );
    return last;
  }
}

class NewIssue {
  @IsString()
  title!: string;
}

@Controller('issues')
class NumberedIssues {
  constructor(
    private readonly db: Db,
    private readonly numbers: Numbers,
  ) {}

  @Get(':number')
  find(@Param('number', ParseIntPipe) number: number) {
    return this.db.one(
      'select number, title, is_open from issue where tenant_id = $1 and number = $2',
      this.db.tenantId,
      number,
    );
  }

  @Post()
  async create(@Body() { title }: NewIssue) {
    const number = await this.numbers.next('issue');
    return this.db.one(
      'insert into issue (tenant_id, number, title) values ($1, $2, $3) returning number, title, is_open',
      this.db.tenantId,
      number,
      title,
    );
  }

  @Post(':number/close')
  @HttpCode(200)
  close(@Param('number', ParseIntPipe) number: number) {
    return this.db.one(
      'update issue set is_open = false where tenant_id = $1 and number = $2 returning number, is_open',
      this.db.tenantId,
      number,
    );
  }
}

const ownNumbers: Application = {
  name: 'issues that each tenant numbers from one',
  schema: `create table counter (tenant_id text, name text, last int not null, primary key (tenant_id, name));
    create table issue (tenant_id text, number int, title text not null, is_open boolean not null default true,
      primary key (tenant_id, number));`,
  controllers: [NumberedIssues],
  providers: [Numbers],
  configure: validated,
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/issues', { title: canary('title') });
    return { issue: body as { number: number } };
  },
  works: (client, { issue }) => [
    client.get(`/issues/${issue.number}`),
    client.post(`/issues/${issue.number}/close`),
    client.post('/issues', { title: 'Slow' }),
  ],
};

/** Version 7: the time first, so that an index likes them. */
function uuidV7(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

class Contact {
  @IsString()
  name!: string;

  @IsOptional()
  @IsString()
  phone?: string;
}

@Controller('contacts')
class Contacts {
  constructor(private readonly db: Db) {}

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    return this.db.one('select id, name, phone from contact where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }

  @Post()
  create(@Body() { name, phone }: Contact) {
    return this.db.one(
      'insert into contact (id, tenant_id, name, phone) values ($1, $2, $3, $4) returning id, name, phone',
      uuidV7(),
      this.db.tenantId,
      name,
      phone ?? null,
    );
  }

  @Put(':id')
  replace(@Param('id', ParseUUIDPipe) id: string, @Body() { name, phone }: Contact) {
    return this.db.one(
      'update contact set name = $3, phone = $4 where id = $1 and tenant_id = $2 returning id, name, phone',
      id,
      this.db.tenantId,
      name,
      phone ?? null,
    );
  }
}

const sortableUuids: Application = {
  name: 'contacts with UUIDs of version 7',
  schema: 'create table contact (id uuid primary key, tenant_id text not null, name text not null, phone text);',
  controllers: [Contacts],
  configure: validated,
  cleans: true,
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/contacts', { name: canary('name') });
    return { contact: body as { id: string } };
  },
  works: (client, { contact }) => [
    client.get(`/contacts/${contact.id}`),
    client.put(`/contacts/${contact.id}`, { name: 'Ada' }),
  ],
};

const ulid = monotonicFactory();

class NewEvent {
  @IsString()
  what!: string;
}

@Controller('timeline')
class Timeline {
  constructor(private readonly db: Db) {}

  @Get()
  list() {
    return this.db.many('select id, what from entry where tenant_id = $1 order by id desc limit 20', this.db.tenantId);
  }

  @Get(':id')
  find(@Param('id') id: string) {
    return this.db.one('select id, what from entry where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }

  @Post()
  create(@Body() { what }: NewEvent) {
    return this.db.one(
      'insert into entry (id, tenant_id, what) values ($1, $2, $3) returning id, what',
      ulid(),
      this.db.tenantId,
      what,
    );
  }
}

const ulids: Application = {
  name: 'a timeline whose entries have ULIDs of one clock',
  schema: 'create table entry (id text primary key, tenant_id text not null, what text not null);',
  controllers: [Timeline],
  configure: validated,
  examples: { 'GET /timeline/:id': ({ entry }) => ({ path: { id: entry.id } }) },
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/timeline', { what: canary('what') });
    return { entry: body as { id: string } };
  },
  works: (client, { entry }) => [client.get('/timeline'), client.get(`/timeline/${entry.id}`)],
};

class Page {
  @IsString()
  title!: string;

  @IsOptional()
  @IsBoolean()
  isPinned?: boolean;
}

/** The slug is made of the title; where it is taken at this tenant, a number is put behind it. */
@Controller('pages')
class Pages {
  constructor(private readonly db: Db) {}

  @Get(':slug')
  find(@Param('slug') slug: string) {
    return this.db.one(
      'select slug, title, is_pinned from page where tenant_id = $1 and slug = $2',
      this.db.tenantId,
      slug,
    );
  }

  @Post()
  async create(@Body() { title, isPinned = false }: Page) {
    const base = title
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 80);
    for (let n = 1; ; n++) {
      const [made] = await this.db.many(
        `insert into page (tenant_id, slug, title, is_pinned) values ($1, $2, $3, $4) on conflict do nothing
         returning slug, title, is_pinned`,
        this.db.tenantId,
        n === 1 ? base : `${base}-${n}`,
        title,
        isPinned,
      );
      if (made) return made;
    }
  }

  @Patch(':slug')
  rename(@Param('slug') slug: string, @Body() { title }: Page) {
    return this.db.one(
      'update page set title = $3 where tenant_id = $1 and slug = $2 returning slug, title',
      this.db.tenantId,
      slug,
      title,
    );
  }
}

const slugs: Application = {
  name: 'pages by slugs that are unique at their tenant',
  schema: `create table page (tenant_id text, slug text, title text not null, is_pinned boolean not null,
    primary key (tenant_id, slug));`,
  controllers: [Pages],
  configure: validated,
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/pages', { title: canary('title') });
    return { page: body as { slug: string } };
  },
  works: (client, { page }) => [
    client.get(`/pages/${page.slug}`),
    client.post('/pages', { title: 'Welcome' }),
    client.patch(`/pages/${page.slug}`, { title: 'Another' }),
  ],
};

class NewProduct {
  @Matches(/^[A-Z]{2}-\d{4}$/)
  sku!: string;

  @IsString()
  name!: string;

  @IsInt()
  @Min(0)
  price!: number;
}

/** The supplier's numbers are the same at every shop. */
@Controller('products')
class Products {
  constructor(private readonly db: Db) {}

  @Get(':sku')
  find(@Param('sku') sku: string) {
    return this.db.one('select sku, name, price from product where tenant_id = $1 and sku = $2', this.db.tenantId, sku);
  }

  @Put()
  save(@Body() { sku, name, price }: NewProduct) {
    return this.db.one(
      `insert into product (tenant_id, sku, name, price) values ($1, $2, $3, $4)
       on conflict (tenant_id, sku) do update set name = excluded.name, price = excluded.price returning sku, name, price`,
      this.db.tenantId,
      sku,
      name,
      price,
    );
  }
}

const naturalKeys: Application = {
  name: 'products by article numbers that all shops use',
  schema: `create table product (tenant_id text, sku text, name text not null, price int not null, primary key (tenant_id, sku));`,
  controllers: [Products],
  configure: validated,
  examples: {
    'PUT /products': (_rows, { canary }) => ({ body: { sku: 'AB-1234', name: canary('name'), price: 100 } }),
  },
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.put('/products', { sku: 'AB-1234', name: canary('name'), price: 1990 });
    return { product: body as { sku: string } };
  },
  works: (client) => [
    client.get('/products/AB-1234'),
    client.put('/products', { sku: 'AB-1235', name: 'Lamp', price: 4900 }),
  ],
};

/** Ids as Stripe writes them. */
const prefixed = (prefix: string) => `${prefix}_${randomBytes(12).toString('base64url')}`;

class NewCustomer {
  @IsString()
  name!: string;
}

class NewCharge {
  @IsString()
  customer!: string;

  @IsInt()
  @Min(1)
  amount!: number;
}

@Controller()
class Billing {
  constructor(private readonly db: Db) {}

  @Post('customers')
  create(@Body() { name }: NewCustomer) {
    const id = prefixed('cus');
    return this.db.one('insert into customer values ($1, $2, $3) returning id, name', id, this.db.tenantId, name);
  }

  @Get('customers/:id')
  find(@Param('id') id: string) {
    return this.db.one('select id, name from customer where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }

  @Post('charges')
  async charge(@Body() { customer, amount }: NewCharge) {
    const [known] = await this.db.many(
      'select 1 from customer where id = $1 and tenant_id = $2',
      customer,
      this.db.tenantId,
    );
    if (!known) throw new NotFoundException(`No such customer: ${customer}`);
    return this.db.one(
      'insert into charge values ($1, $2, $3, $4) returning id, customer_id as customer, amount',
      prefixed('ch'),
      this.db.tenantId,
      customer,
      amount,
    );
  }

  @Get('customers/:id/charges')
  async charges(@Param('id') id: string) {
    await this.find(id);
    const data = await this.db.many(
      'select id, amount from charge where customer_id = $1 and tenant_id = $2 order by id',
      id,
      this.db.tenantId,
    );
    return { object: 'list', data };
  }
}

const prefixedIds: Application = {
  name: 'customers and charges with prefixed ids',
  schema: `create table customer (id text primary key, tenant_id text not null, name text not null);
    create table charge (id text primary key, tenant_id text not null, customer_id text not null, amount int not null);`,
  controllers: [Billing],
  configure: validated,
  examples: { 'POST /charges': ({ customer }) => ({ body: { customer: customer.id, amount: 500 } }) },
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/customers', { name: canary('name') });
    const customer = body as { id: string };
    const charge = (await client.post('/charges', { customer: customer.id, amount: 1200 })).body;
    return { customer, charge: charge as { id: string } };
  },
  works: (client, { customer }) => [
    client.get(`/customers/${customer.id}`),
    client.get(`/customers/${customer.id}/charges`),
    client.post('/charges', { customer: customer.id, amount: 1 }),
  ],
};

/** One sequence gives every row of the database its id, whichever table it is in. */
@Controller('documents')
class Documents {
  constructor(private readonly db: Db) {}

  @Post()
  async create(@Body() { title }: NewIssue) {
    const { id } = await this.db.one(
      'insert into document (tenant_id, title) values ($1, $2) returning id',
      this.db.tenantId,
      title,
    );
    return { id: Number(id), href: `/documents/${id}` };
  }

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number) {
    return this.db.one('select id::int, title from document where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }

  @Post(':id/copies')
  copy(@Param('id', ParseIntPipe) id: number) {
    return this.db.one(
      `insert into document (tenant_id, title) select tenant_id, 'Copy of ' || title from document
       where id = $1 and tenant_id = $2 returning id::int, title`,
      id,
      this.db.tenantId,
    );
  }
}

const oneSequence: Application = {
  name: 'documents numbered by one sequence of the whole database',
  schema: `create sequence everything start 1000;
    create table document (id bigint primary key default nextval('everything'), tenant_id text not null, title text not null);`,
  controllers: [Documents],
  configure: validated,
  seed: async (tenant, { canary, db }) => {
    const title = canary('title');
    const document = await db.one(
      'insert into document (tenant_id, title) values ($1, $2) returning id::int',
      tenant.id,
      title,
    );
    return { document: { id: document.id, title } };
  },
  works: (client, { document }) => [
    client.get(`/documents/${document.id}`),
    client.post(`/documents/${document.id}/copies`),
    client.post('/documents', { title: 'Plan' }),
  ],
};

/** An order's lines are numbered within their order. */
@Controller('orders/:order/lines')
class OrderLines {
  constructor(private readonly db: Db) {}

  @Get()
  async list(@Param('order', ParseUUIDPipe) order: string) {
    await this.db.one('select 1 from purchase where id = $1 and tenant_id = $2', order, this.db.tenantId);
    return this.db.many(
      'select line, article, quantity from purchase_line where purchase_id = $1 and tenant_id = $2 order by line',
      order,
      this.db.tenantId,
    );
  }

  @Get(':line')
  find(@Param('order', ParseUUIDPipe) order: string, @Param('line', ParseIntPipe) line: number) {
    return this.db.one(
      'select line, article, quantity from purchase_line where purchase_id = $1 and line = $2 and tenant_id = $3',
      order,
      line,
      this.db.tenantId,
    );
  }
}

const compositeKeys: Application = {
  name: 'lines that are numbered within their order',
  schema: `create table purchase (id uuid primary key, tenant_id text not null);
    create table purchase_line (purchase_id uuid references purchase on delete cascade, line int, tenant_id text not null, article text not null,
      quantity int not null, primary key (purchase_id, line));`,
  controllers: [OrderLines],
  cleans: true,
  seed: async (tenant, { canary, db }) => {
    const [order, article] = [{ id: randomUUID() }, canary('article')];
    await db.many('insert into purchase values ($1, $2)', order.id, tenant.id);
    await db.many('insert into purchase_line values ($1, 1, $2, $3, 2)', order.id, tenant.id, article);
    return { order, line: { line: 1, article } };
  },
  works: (client, { order }) => [client.get(`/orders/${order.id}/lines`), client.get(`/orders/${order.id}/lines/1`)],
};

/** Codes as they are read out on the telephone: `A-0007`. */
@Controller('repairs')
class Repairs {
  constructor(
    private readonly db: Db,
    private readonly numbers: Numbers,
  ) {}

  @Post()
  async create(@Body() { title }: NewIssue) {
    const code = `A-${String(await this.numbers.next('repair')).padStart(4, '0')}`;
    return this.db.one(
      'insert into repair (tenant_id, code, title) values ($1, $2, $3) returning code, title',
      this.db.tenantId,
      code,
      title,
    );
  }

  @Get(':code')
  find(@Param('code') code: string) {
    return this.db.one('select code, title from repair where tenant_id = $1 and code = $2', this.db.tenantId, code);
  }

  @Delete(':code')
  @HttpCode(204)
  async remove(@Param('code') code: string) {
    await this.db.one('delete from repair where tenant_id = $1 and code = $2 returning 1', this.db.tenantId, code);
  }
}

const ownCodes: Application = {
  name: 'repairs with codes that each tenant counts',
  schema: `create table counter (tenant_id text, name text, last int not null, primary key (tenant_id, name));
    create table repair (tenant_id text, code text, title text not null, primary key (tenant_id, code));`,
  controllers: [Repairs],
  providers: [Numbers],
  configure: validated,
  cleans: true,
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/repairs', { title: canary('title') });
    return { repair: body as { code: string } };
  },
  works: async (client, { repair }) => [
    await client.post('/repairs', { title: 'Slow' }),
    await client.get(`/repairs/${repair.code}`),
    await client.delete(`/repairs/${repair.code}`),
  ],
};

/** Each tenant has its rows 1, 2 and 3 from the start, and no others. */
@Controller('floors')
class Floors {
  constructor(private readonly db: Db) {}

  @Get(':number')
  find(@Param('number', ParseIntPipe) number: number) {
    return this.db.one('select number, name from floor where tenant_id = $1 and number = $2', this.db.tenantId, number);
  }

  @Patch(':number')
  rename(@Param('number', ParseIntPipe) number: number, @Body() { title }: NewIssue) {
    return this.db.one(
      'update floor set name = $3 where tenant_id = $1 and number = $2 returning number, name',
      this.db.tenantId,
      number,
      title,
    );
  }
}

const sameNumbers: Application = {
  name: 'floors that have the same numbers in every house',
  schema: 'create table floor (tenant_id text, number int, name text not null, primary key (tenant_id, number));',
  controllers: [Floors],
  configure: validated,
  examples: {
    'GET /floors/:number': { path: { number: 2 } },
    'PATCH /floors/:number': (_rows, { canary }) => ({ path: { number: 2 }, body: { title: canary('title') } }),
  },
  seed: async (tenant, { canary, db }) => {
    const name = canary('name');
    for (const number of [1, 2, 3]) {
      await db.many(
        'insert into floor values ($1, $2, $3) on conflict (tenant_id, number) do update set name = excluded.name',
        tenant.id,
        number,
        `${name} ${number}`,
      );
    }
    return { floor: { number: 2, name: `${name} 2` } };
  },
  works: (client) => [client.get('/floors/2'), client.patch('/floors/3', { title: 'Roof' })],
};

export const ids: readonly Application[] = [
  ownCodes,
  sameNumbers,
  serialIds,
  ownNumbers,
  sortableUuids,
  ulids,
  slugs,
  naturalKeys,
  prefixedIds,
  oneSequence,
  compositeKeys,
];
