import { randomUUID } from 'node:crypto';
import {
  Body,
  ConflictException,
  Controller,
  Delete,
  ForbiddenException,
  Get,
  HttpCode,
  Injectable,
  Param,
  ParseIntPipe,
  ParseUUIDPipe,
  Patch,
  Post,
  Put,
  Query,
  UnprocessableEntityException,
  ValidationPipe,
} from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  ArrayMinSize,
  IsArray,
  IsDateString,
  IsEnum,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  Min,
} from 'class-validator';
import { z } from 'zod';
import { type Application, Db, type Rows } from './application.js';

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
};

/** A conversation, who works on it, and what was said. */
class NewTicket {
  @IsString()
  @Length(1, 300)
  subject!: string;

  @IsOptional()
  @IsIn(['low', 'normal', 'urgent'])
  priority?: string;
}

class Reply {
  @IsString()
  text!: string;

  @IsOptional()
  @IsIn(['public', 'internal'])
  kind?: string;
}

class Assignment {
  @IsUUID()
  agentId!: string;
}

@Controller()
class Helpdesk {
  constructor(private readonly db: Db) {}

  @Get('tickets')
  list(@Query('status') status = 'open', @Query('agentId') agentId?: string) {
    return this.db.many(
      `select t.number, t.subject, t.status, a.name as agent from ticket t left join agent a on a.id = t.agent_id and a.tenant_id = t.tenant_id
       where t.tenant_id = $1 and t.status = $2 and ($3::text is null or t.agent_id::text = $3) order by t.number desc limit 50`,
      this.db.tenantId,
      status,
      agentId ?? null,
    );
  }

  @Post('tickets')
  open(@Body() { subject, priority = 'normal' }: NewTicket) {
    return this.db.one(
      `insert into ticket (tenant_id, number, subject, priority)
       select $1, coalesce(max(number), 0) + 1, $2, $3 from ticket where tenant_id = $1 returning id, number, subject, status, priority`,
      this.db.tenantId,
      subject,
      priority,
    );
  }

  @Get('tickets/:id')
  async show(@Param('id', ParseUUIDPipe) id: string) {
    const ticket = await this.db.one(
      'select id, number, subject, status from ticket where id = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
    const replies = await this.db.many(
      'select text, kind, at from reply where ticket_id = $1 and tenant_id = $2 order by at',
      id,
      this.db.tenantId,
    );
    return { ...ticket, replies };
  }

  @Post('tickets/:id/replies')
  async reply(@Param('id', ParseUUIDPipe) id: string, @Body() { text, kind = 'public' }: Reply) {
    await this.db.one('select 1 from ticket where id = $1 and tenant_id = $2', id, this.db.tenantId);
    return this.db.one(
      'insert into reply (id, tenant_id, ticket_id, text, kind) values ($1, $2, $3, $4, $5) returning id, text, kind',
      randomUUID(),
      this.db.tenantId,
      id,
      text,
      kind,
    );
  }

  @Put('tickets/:id/agent')
  async assign(@Param('id', ParseUUIDPipe) id: string, @Body() { agentId }: Assignment) {
    await this.db.one('select 1 from agent where id = $1 and tenant_id = $2', agentId, this.db.tenantId);
    return this.db.one(
      'update ticket set agent_id = $3 where id = $1 and tenant_id = $2 returning id, agent_id',
      id,
      this.db.tenantId,
      agentId,
    );
  }

  @Get('stats')
  stats() {
    return this.db.one(
      `select count(*) filter (where status = 'open')::int as open, count(*)::int as total,
         coalesce(max(number), 0) as last from ticket where tenant_id = $1`,
      this.db.tenantId,
    );
  }
}

const helpdesk: Application = {
  name: 'a help desk: tickets with numbers, replies and agents',
  schema: `create table agent (id uuid primary key, tenant_id text not null, name text not null);
    create table ticket (id uuid primary key default gen_random_uuid(), tenant_id text not null, number int not null, subject text not null,
      status text not null default 'open', priority text not null default 'normal', agent_id uuid, unique (tenant_id, number));
    create table reply (id uuid primary key, tenant_id text not null, ticket_id uuid not null, text text not null, kind text not null,
      at timestamptz not null default clock_timestamp());`,
  controllers: [Helpdesk],
  configure: validated,
  examples: {
    'PUT /tickets/:id/agent': ({ ticket, agent }) => ({ path: { id: ticket.id }, body: { agentId: agent.id } }),
  },
  seed: async (tenant, { canary, client, db }) => {
    const agent = { id: randomUUID(), name: canary('name') };
    await db.many('insert into agent values ($1, $2, $3)', agent.id, tenant.id, agent.name);
    const ticket = (await client.post('/tickets', { subject: canary('subject') })).body as { id: string };
    await client.put(`/tickets/${ticket.id}/agent`, { agentId: agent.id });
    const reply = (await client.post(`/tickets/${ticket.id}/replies`, { text: canary('text') })).body as { id: string };
    return { agent, ticket, reply };
  },
  works: async (client, { ticket, agent }) => [
    await client.get('/tickets'),
    await client.get(`/tickets/${ticket.id}`),
    await client.post(`/tickets/${ticket.id}/replies`, { text: 'Have you tried turning it off?' }),
    await client.put(`/tickets/${ticket.id}/agent`, { agentId: agent.id }),
    await client.get('/stats'),
  ],
};

class NewBooking {
  @IsUUID()
  roomId!: string;

  @IsDateString()
  day!: string;

  @IsInt()
  @Min(1)
  @Max(20)
  guests!: number;
}

/** One booking for each room and day. */
@Controller()
class Bookings {
  constructor(private readonly db: Db) {}

  @Get('rooms')
  rooms() {
    return this.db.many('select id, name, seats from room where tenant_id = $1 order by name', this.db.tenantId);
  }

  @Get('rooms/free')
  free(@Query('day') day = '2026-06-01') {
    return this.db.many(
      `select id, name from room r where tenant_id = $1 and not exists
         (select 1 from booking b where b.room_id = r.id and b.tenant_id = r.tenant_id and b.day = $2::date) order by name`,
      this.db.tenantId,
      day,
    );
  }

  @Post('bookings')
  async book(@Body() { roomId, day, guests }: NewBooking) {
    const room = await this.db.one('select seats from room where id = $1 and tenant_id = $2', roomId, this.db.tenantId);
    if (guests > room.seats) throw new UnprocessableEntityException(`the room has ${room.seats} seats`);
    const [booking] = await this.db.many(
      `insert into booking values ($1, $2, $3, $4::date, $5) on conflict (room_id, day) do update set guests = excluded.guests
       returning id, day::text, guests`,
      randomUUID(),
      this.db.tenantId,
      roomId,
      day,
      guests,
    );
    if (!booking) throw new ConflictException('the room is taken');
    return booking;
  }

  @Delete('bookings/:id')
  @HttpCode(204)
  async cancel(@Param('id', ParseUUIDPipe) id: string) {
    await this.db.one('delete from booking where id = $1 and tenant_id = $2 returning 1', id, this.db.tenantId);
  }
}

const bookings: Application = {
  name: 'rooms that are booked for a day',
  schema: `create table room (id uuid primary key, tenant_id text not null, name text not null, seats int not null default 8);
    create table booking (id uuid primary key, tenant_id text not null, room_id uuid not null, day date not null, guests int not null, unique (room_id, day));`,
  controllers: [Bookings],
  configure: validated,
  cleans: true,
  examples: { 'POST /bookings': ({ room }) => ({ body: { roomId: room.id, day: '2026-06-02', guests: 2 } }) },
  seed: async (tenant, { canary, client, db }) => {
    const room = { id: randomUUID(), name: canary('name') };
    await db.many('insert into room (id, tenant_id, name) values ($1, $2, $3)', room.id, tenant.id, room.name);
    const { body } = await client.post('/bookings', { roomId: room.id, day: '2026-05-01', guests: 4 });
    return { room, booking: body as { id: string } };
  },
  works: async (client, { booking }) => [
    await client.get('/rooms'),
    await client.get('/rooms/free'),
    await client.delete(`/bookings/${booking.id}`),
  ],
};

const Card = z.object({ title: z.string().min(1).max(200), column: z.enum(['todo', 'doing', 'done']).default('todo') });
const Move = z.object({ column: z.enum(['todo', 'doing', 'done']), place: z.number().int().min(0).max(1000) });

/** Bodies that zod describes (Nest 12). */
@Controller('cards')
class Kanban {
  constructor(private readonly db: Db) {}

  @Get()
  async board() {
    const cards = await this.db.many(
      'select id, title, col, place from card where tenant_id = $1 order by place, id',
      this.db.tenantId,
    );
    return Object.fromEntries(
      ['todo', 'doing', 'done'].map((column) => [column, cards.filter(({ col }) => col === column)]),
    );
  }

  @Post()
  create(@Body({ schema: Card }) { title, column }: z.infer<typeof Card>) {
    return this.db.one(
      'insert into card (tenant_id, title, col) values ($1, $2, $3) returning id, title, col',
      this.db.tenantId,
      title,
      column ?? 'todo',
    );
  }

  @Post(':id/move')
  @HttpCode(200)
  move(@Param('id', ParseIntPipe) id: number, @Body({ schema: Move }) { column, place }: z.infer<typeof Move>) {
    return this.db.one(
      'update card set col = $3, place = $4 where id = $1 and tenant_id = $2 returning id, title, col, place',
      id,
      this.db.tenantId,
      column,
      place,
    );
  }
}

const kanban: Application = {
  name: 'a board of cards, whose bodies zod checks',
  schema: `create table card (id serial primary key, tenant_id text not null, title text not null, col text not null default 'todo', place int not null default 0);`,
  controllers: [Kanban],
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/cards', { title: canary('title'), column: 'todo' });
    return { card: body as { id: number } };
  },
  works: async (client, { card }) => [
    await client.get('/cards'),
    await client.post('/cards', { title: 'Write tests', column: 'doing' }),
    await client.post(`/cards/${card.id}/move`, { column: 'done', place: 2 }),
  ],
};

class Vote {
  @IsInt()
  @Min(0)
  option!: number;
}

/** The result is shown to whoever may vote. */
@Controller('polls')
class Polls {
  constructor(private readonly db: Db) {}

  @Get(':id')
  async show(@Param('id', ParseUUIDPipe) id: string) {
    const poll = await this.db.one(
      'select id, question, options from poll where id = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
    const votes = await this.db.many(
      'select option, count(*)::int from vote where poll_id = $1 and tenant_id = $2 group by option',
      id,
      this.db.tenantId,
    );
    const results = (poll.options as string[]).map((text, option) => ({
      text,
      votes: votes.find((each) => each.option === option)?.count ?? 0,
    }));
    return { id, question: poll.question, results };
  }

  @Post(':id/votes')
  async vote(@Param('id', ParseUUIDPipe) id: string, @Body() { option }: Vote) {
    const poll = await this.db.one('select options from poll where id = $1 and tenant_id = $2', id, this.db.tenantId);
    if (option >= poll.options.length) throw new UnprocessableEntityException('there is no such option');
    await this.db.many(
      'insert into vote (tenant_id, poll_id, option) values ($1, $2, $3)',
      this.db.tenantId,
      id,
      option,
    );
    return this.show(id);
  }
}

const polls: Application = {
  name: 'polls and their results',
  schema: `create table poll (id uuid primary key, tenant_id text not null, question text not null, options text[] not null default '{yes,no}');
    create table vote (id serial primary key, tenant_id text not null, poll_id uuid not null, option int not null);`,
  controllers: [Polls],
  configure: validated,
  seed: async (tenant, { canary, db }) => {
    const poll = { id: randomUUID(), question: canary('question') };
    await db.many('insert into poll (id, tenant_id, question) values ($1, $2, $3)', poll.id, tenant.id, poll.question);
    return { poll };
  },
  works: async (client, { poll }) => [
    await client.get(`/polls/${poll.id}`),
    await client.post(`/polls/${poll.id}/votes`, { option: 1 }),
  ],
};

class Line {
  @IsInt()
  productId!: number;

  @IsInt()
  @Min(1)
  @Max(99)
  quantity!: number;
}

class Coupon {
  @IsString()
  code!: string;
}

@Controller()
class Shop {
  constructor(private readonly db: Db) {}

  @Get('products')
  products(@Query('q') q = '') {
    return this.db.many(
      `select id, name, price from product where tenant_id = $1 and name ilike '%' || $2 || '%' order by name`,
      this.db.tenantId,
      q,
    );
  }

  @Post('cart/lines')
  async add(@Body() { productId, quantity }: Line) {
    await this.db.one('select 1 from product where id = $1 and tenant_id = $2', productId, this.db.tenantId);
    await this.db.many(
      `insert into cart_line values ($1, $2, $3) on conflict (tenant_id, product_id) do update set quantity = excluded.quantity`,
      this.db.tenantId,
      productId,
      quantity,
    );
    return this.cart();
  }

  @Get('cart')
  async cart() {
    const lines = await this.db.many(
      `select p.id, p.name, c.quantity, c.quantity * p.price as total from cart_line c
       join product p on p.id = c.product_id and p.tenant_id = c.tenant_id where c.tenant_id = $1 order by p.name`,
      this.db.tenantId,
    );
    return { lines, total: lines.reduce((sum, { total }) => sum + total, 0), currency: 'EUR' };
  }

  /** Codes are the same words at every shop. */
  @Post('cart/coupon')
  @HttpCode(200)
  async coupon(@Body() { code }: Coupon) {
    const { percent } = await this.db.one(
      'select percent from coupon where tenant_id = $1 and code = upper($2)',
      this.db.tenantId,
      code,
    );
    const { total } = await this.cart();
    return { percent, total: Math.round((total * (100 - percent)) / 100) };
  }

  @Delete('cart')
  @HttpCode(204)
  async empty() {
    await this.db.many('delete from cart_line where tenant_id = $1', this.db.tenantId);
  }
}

const shop: Application = {
  name: 'a shop: products, one cart, and coupons with the usual codes',
  schema: `create table product (id serial primary key, tenant_id text not null, name text not null, price int not null);
    create table cart_line (tenant_id text, product_id int, quantity int not null, primary key (tenant_id, product_id));
    create table coupon (tenant_id text, code text, percent int not null, primary key (tenant_id, code));`,
  controllers: [Shop],
  configure: validated,
  examples: { 'POST /cart/coupon': { body: { code: 'SUMMER' }, answersNothing: 'a percentage and a sum' } },
  seed: async (tenant, { canary, client, db }) => {
    const name = canary('name');
    const { id } = await db.one(
      'insert into product (tenant_id, name, price) values ($1, $2, $3) returning id',
      tenant.id,
      name,
      tenant.slug === 'acme' ? 1490 : 2250,
    );
    await db.many(
      `insert into coupon values ($1, 'SUMMER', $2) on conflict do nothing`,
      tenant.id,
      tenant.slug === 'acme' ? 10 : 20,
    );
    await client.post('/cart/lines', { productId: id, quantity: 2 });
    return { product: { id, name } };
  },
  works: async (client, { product }) => [
    await client.get('/products'),
    await client.post('/cart/lines', { productId: product.id, quantity: 3 }),
    await client.get('/cart'),
    await client.post('/cart/coupon', { code: 'summer' }),
    await client.delete('/cart'),
  ],
};

class Entry {
  @IsString()
  what!: string;

  @IsNumber()
  @Min(0.25)
  @Max(24)
  hours!: number;

  @IsDateString()
  day!: string;
}

@Controller('timesheet')
class Timesheet {
  constructor(private readonly db: Db) {}

  @Post()
  track(@Body() { what, hours, day }: Entry) {
    return this.db.one(
      'insert into worked (tenant_id, what, hours, day) values ($1, $2, $3, $4::date) returning id, what, hours::float, day::text',
      this.db.tenantId,
      what,
      hours,
      day,
    );
  }

  @Get('week')
  week(@Query('of') of = '2026-05-04') {
    return this.db.many(
      `select day::text, sum(hours)::float as hours, json_agg(what order by id) as what from worked
       where tenant_id = $1 and day >= date_trunc('week', $2::date) group by day order by day`,
      this.db.tenantId,
      of,
    );
  }

  @Get('totals')
  totals() {
    return this.db.one(
      'select coalesce(sum(hours), 0)::float as hours, count(distinct day)::int as days from worked where tenant_id = $1',
      this.db.tenantId,
    );
  }

  @Patch(':id')
  correct(@Param('id', ParseIntPipe) id: number, @Body() { what, hours, day }: Entry) {
    return this.db.one(
      'update worked set what = $3, hours = $4, day = $5::date where id = $1 and tenant_id = $2 returning id, what, hours::float, day::text',
      id,
      this.db.tenantId,
      what,
      hours,
      day,
    );
  }
}

const timesheet: Application = {
  name: 'hours worked, by day and in all',
  schema: `create table worked (id serial primary key, tenant_id text not null, what text not null, hours numeric not null, day date not null);`,
  controllers: [Timesheet],
  configure: validated,
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/timesheet', { what: canary('what'), hours: 2.5, day: '2026-05-06' });
    return { timesheet: body as { id: number } };
  },
  works: async (client, { timesheet: { id } }) => [
    await client.get('/timesheet/week'),
    await client.get('/timesheet/totals'),
    await client.patch(`/timesheet/${id}`, { what: 'Meeting', hours: 1, day: '2026-05-06' }),
  ],
};

class Edit {
  @IsString()
  text!: string;
}

/** Each edit is a revision; the newest is what is read. */
@Controller('wiki')
class Wiki {
  constructor(private readonly db: Db) {}

  @Put(':title')
  edit(@Param('title') title: string, @Body() { text }: Edit) {
    return this.db.one(
      `insert into revision select $1, $2, coalesce(max(number), 0) + 1, $3 from revision where tenant_id = $1 and title = $2
       returning title, number, text`,
      this.db.tenantId,
      title,
      text,
    );
  }

  @Get(':title')
  read(@Param('title') title: string) {
    return this.db.one(
      'select title, number, text from revision where tenant_id = $1 and title = $2 order by number desc limit 1',
      this.db.tenantId,
      title,
    );
  }

  @Get(':title/history')
  history(@Param('title') title: string) {
    return this.db.many(
      'select number, text from revision where tenant_id = $1 and title = $2 order by number desc',
      this.db.tenantId,
      title,
    );
  }

  @Post(':title/revert')
  async revert(@Param('title') title: string) {
    const [, before] = await this.db.many(
      'select text from revision where tenant_id = $1 and title = $2 order by number desc limit 2',
      this.db.tenantId,
      title,
    );
    if (!before) throw new ConflictException('there is nothing to go back to');
    return this.edit(title, { text: before.text });
  }
}

const wiki: Application = {
  name: 'a wiki whose pages have the same titles everywhere',
  schema:
    'create table revision (tenant_id text, title text, number int, text text not null, primary key (tenant_id, title, number));',
  controllers: [Wiki],
  configure: validated,
  examples: {
    'PUT /wiki/:title': (_rows, { canary }) => ({ path: { title: 'Home' }, body: { text: canary('text') } }),
    'GET /wiki/:title': { path: { title: 'Home' } },
    'GET /wiki/:title/history': { path: { title: 'Home' } },
    'POST /wiki/:title/revert': { path: { title: 'Home' } },
  },
  seed: async (_tenant, { canary, client }) => {
    const first = (await client.put('/wiki/Home', { text: canary('first') })).body as { text: string };
    const page = (await client.put('/wiki/Home', { text: canary('text') })).body as { text: string };
    return { first: { text: first.text }, page: { text: page.text } };
  },
  works: async (client) => [
    await client.get('/wiki/Home'),
    await client.get('/wiki/Home/history'),
    await client.post('/wiki/Home/revert'),
  ],
};

enum Leave {
  Holiday = 'holiday',
  Illness = 'illness',
}

class Request {
  @IsEnum(Leave)
  kind!: Leave;

  @IsDateString()
  from!: string;

  @IsInt()
  @Min(1)
  @Max(30)
  days!: number;

  @IsOptional()
  @IsString()
  note?: string;
}

const ALLOWANCE = 3000;

@Injectable()
class LeaveBook {
  constructor(private readonly db: Db) {}

  async left(): Promise<number> {
    const { used } = await this.db.one(
      `select coalesce(sum(days), 0)::int as used from leave where tenant_id = $1 and kind = 'holiday'`,
      this.db.tenantId,
    );
    return ALLOWANCE - used;
  }
}

@Controller('leave')
class Leaves {
  constructor(
    private readonly db: Db,
    private readonly book: LeaveBook,
  ) {}

  @Post()
  async ask(@Body() { kind, from, days, note }: Request) {
    if (kind === Leave.Holiday && days > (await this.book.left()))
      throw new ForbiddenException('not so many days are left');
    return this.db.one(
      'insert into leave values ($1, $2, $3, $4::date, $5, $6) returning id, kind, starts::text, days, note',
      randomUUID(),
      this.db.tenantId,
      kind,
      from,
      days,
      note ?? null,
    );
  }

  @Get('left')
  async left() {
    return { left: await this.book.left(), of: ALLOWANCE };
  }

  @Get('calendar')
  calendar(@Query('year', new ParseIntPipe({ optional: true })) year = 2026) {
    return this.db.many(
      `select extract(month from starts)::int as month, json_agg(json_build_object('kind', kind, 'days', days, 'note', note) order by starts, id) as leaves
       from leave where tenant_id = $1 and extract(year from starts) = $2 group by 1 order by 1`,
      this.db.tenantId,
      year,
    );
  }
}

const leave: Application = {
  name: 'days of leave, and how many are left',
  schema: `create table leave (id uuid primary key, tenant_id text not null, kind text not null, starts date not null, days int not null, note text);`,
  controllers: [Leaves],
  providers: [LeaveBook],
  configure: validated,
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/leave', {
      kind: 'holiday',
      from: '2026-07-01',
      days: 1,
      note: canary('note'),
    });
    return { leave: body as { id: string } };
  },
  works: async (client) => [
    await client.get('/leave/left'),
    await client.get('/leave/calendar'),
    await client.post('/leave', { kind: 'illness', from: '2026-02-02', days: 2 }),
  ],
};

class Answers {
  @IsObject()
  answers!: Rows;
}

/** Forms whose fields the company chooses; what is filled in is JSON. */
@Controller('forms')
class Forms {
  constructor(private readonly db: Db) {}

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    return this.db.one('select id, title, fields from form where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }

  @Post(':id/answers')
  async answer(@Param('id', ParseUUIDPipe) id: string, @Body() { answers }: Answers) {
    const { fields } = await this.find(id);
    const known = Object.fromEntries(
      Object.entries(answers).filter(([name]) => fields.some((field: Rows) => field.name === name)),
    );
    return this.db.one(
      'insert into filled (tenant_id, form_id, answers) values ($1, $2, $3) returning id, answers',
      this.db.tenantId,
      id,
      JSON.stringify(known),
    );
  }

  @Get(':id/answers')
  async answers(@Param('id', ParseUUIDPipe) id: string) {
    await this.find(id);
    return this.db.many(
      'select id, answers from filled where form_id = $1 and tenant_id = $2 order by id',
      id,
      this.db.tenantId,
    );
  }
}

const forms: Application = {
  name: 'forms with fields of each company, filled in as JSON',
  schema: `create table form (id uuid primary key, tenant_id text not null, title text not null, fields jsonb not null default '[{"name":"email"},{"name":"age"}]');
    create table filled (id serial primary key, tenant_id text not null, form_id uuid not null, answers jsonb not null);`,
  controllers: [Forms],
  configure: validated,
  cleans: true,
  examples: {
    'POST /forms/:id/answers': ({ form }, { canary }) => ({
      path: { id: form.id },
      body: { answers: { email: `${canary('email')}@example.test`, age: 40 } },
    }),
  },
  seed: async (tenant, { canary, client, db }) => {
    const form = { id: randomUUID(), title: canary('title') };
    await db.many('insert into form (id, tenant_id, title) values ($1, $2, $3)', form.id, tenant.id, form.title);
    const { body } = await client.post(`/forms/${form.id}/answers`, {
      answers: { email: `${canary('email')}@example.test`, age: 30 },
    });
    return { form, filled: body as { id: number } };
  },
  works: async (client, { form }) => [
    await client.get(`/forms/${form.id}`),
    await client.post(`/forms/${form.id}/answers`, { answers: { email: 'ada@example.test', unknown: 1 } }),
    await client.get(`/forms/${form.id}/answers`),
  ],
};

class NewOrder {
  @IsArray()
  @ArrayMinSize(1)
  @Type(() => Number)
  @IsInt({ each: true })
  articles!: number[];
}

/** Orders go through a transaction, and take what they need from the stock. */
@Controller()
class Warehouse {
  constructor(private readonly db: Db) {}

  @Post('orders')
  async order(@Body() { articles }: NewOrder) {
    const { tenantId, pool } = this.db;
    const client = await pool.connect();
    try {
      await client.query('begin');
      const taken = await client.query(
        'update article set stock = stock - 1 where tenant_id = $1 and id = any($2) and stock > 0 returning id, name',
        [tenantId, articles],
      );
      if (taken.rows.length !== new Set(articles).size)
        throw new UnprocessableEntityException('an article is not there');
      const order = await client.query(
        'insert into ordered (id, tenant_id, articles) values ($1, $2, $3) returning id',
        [randomUUID(), tenantId, articles],
      );
      await client.query('commit');
      return { id: order.rows[0].id, articles: taken.rows };
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }

  @Get('articles/low')
  low(@Query('below', new ParseIntPipe({ optional: true })) below = 1_000_000) {
    return this.db.many(
      'select id, name, stock from article where tenant_id = $1 and stock < $2 order by stock, id',
      this.db.tenantId,
      below,
    );
  }
}

const warehouse: Application = {
  name: 'orders that take articles from the stock, in a transaction',
  schema: `create table article (id serial primary key, tenant_id text not null, name text not null, stock int not null default 100000);
    create table ordered (id uuid primary key, tenant_id text not null, articles int[] not null);`,
  controllers: [Warehouse],
  configure: validated,
  examples: { 'POST /orders': ({ article }) => ({ body: { articles: [article.id] } }) },
  seed: async (tenant, { canary, db }) => {
    const name = canary('name');
    const { id } = await db.one('insert into article (tenant_id, name) values ($1, $2) returning id', tenant.id, name);
    return { article: { id, name } };
  },
  works: async (client, { article }) => [
    await client.post('/orders', { articles: [article.id] }),
    await client.get('/articles/low'),
  ],
};

export const products: readonly Application[] = [
  helpdesk,
  bookings,
  kanban,
  polls,
  shop,
  timesheet,
  wiki,
  leave,
  forms,
  warehouse,
];
