import { randomUUID } from 'node:crypto';
import { freemem, loadavg } from 'node:os';
import {
  Body,
  Controller,
  Get,
  Header,
  Headers,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Redirect,
  Res,
  ValidationPipe,
} from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, MemoryHealthIndicator, TerminusModule } from '@nestjs/terminus';
import { Untenanted } from '@tenancy/core';
import { IsInt, IsISO4217CurrencyCode, IsString } from 'class-validator';
import type { Response } from 'express';
import { type Application, Db } from './application.js';

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
};

@Untenanted()
@Controller('health')
class Health {
  constructor(
    private readonly health: HealthCheckService,
    private readonly memory: MemoryHealthIndicator,
    private readonly db: Db,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([
      () => this.memory.checkHeap('heap', 4_000_000_000),
      async () => {
        await this.db.pool.query('select 1');
        return { database: { status: 'up' } };
      },
    ]);
  }

  @Get('live')
  live() {
    return {
      status: 'ok',
      uptime: process.uptime(),
      memory: process.memoryUsage().rss,
      load: loadavg(),
      free: freemem(),
    };
  }
}

@Controller('monitors')
class Monitors {
  constructor(private readonly db: Db) {}

  @Get()
  list() {
    return this.db.many('select id, url from monitor where tenant_id = $1 order by id', this.db.tenantId);
  }
}

const health: Application = {
  name: 'health checks of Terminus beside monitors',
  schema: 'create table monitor (id serial primary key, tenant_id text not null, url text not null);',
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [Health, Monitors],
  exempt: { 'GET /health': 'is asked by the balancer', 'GET /health/live': 'is asked by the balancer' },
  seed: async (tenant, { canary, db }) => {
    const url = `https://${canary('url')}.example/`;
    const { id } = await db.one('insert into monitor (tenant_id, url) values ($1, $2) returning id', tenant.id, url);
    return { monitor: { id, url } };
  },
  works: (client) => [client.get('/health'), client.get('/health/live'), client.get('/monitors')],
};

/** The same, of somebody who has not read about `exempt`. */
const unexempted: Application = {
  ...health,
  name: 'health checks of Terminus that nobody has exempted',
  exempt: {},
};

class NewPart {
  @IsString()
  name!: string;

  @IsInt()
  weight!: number;
}

@Controller('parts')
class Parts {
  constructor(private readonly db: Db) {}

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number) {
    return this.db.one('select id, name, weight from part where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }

  @Post()
  create(@Body() { name, weight }: NewPart) {
    return this.db.one(
      'insert into part (tenant_id, name, weight) values ($1, $2, $3) returning id, name, weight',
      this.db.tenantId,
      name,
      weight,
    );
  }
}

const swagger: Application = {
  name: 'parts with the pages of Swagger UI',
  schema:
    'create table part (id serial primary key, tenant_id text not null, name text not null, weight int not null);',
  controllers: [Parts],
  configure: (app) => {
    app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
    const document = SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Parts').build());
    SwaggerModule.setup('docs', app, document);
  },
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/parts', { name: canary('name'), weight: 12 });
    return { part: body as { id: number } };
  },
  works: (client, { part }) => [client.get('/docs-json'), client.get('/docs'), client.get(`/parts/${part.id}`)],
};

const COUNTRIES = [
  { code: 'DE', name: 'Germany', currency: 'EUR' },
  { code: 'JP', name: 'Japan', currency: 'JPY' },
  { code: 'US', name: 'United States', currency: 'USD' },
];

class Money {
  @IsInt()
  amount!: number;

  @IsISO4217CurrencyCode()
  currency!: string;
}

/** The same for everybody who is signed in. */
@Controller()
class Reference {
  constructor(private readonly db: Db) {}

  @Get('countries')
  countries() {
    return COUNTRIES;
  }

  @Get('countries/:code')
  country(@Param('code') code: string) {
    return this.db.one(
      'select code, name from currency where code = $1',
      COUNTRIES.find((each) => each.code === code)?.currency ?? null,
    );
  }

  @Get('rates')
  @Header('cache-control', 'public, max-age=60')
  rates() {
    return this.db.many('select code, rate from currency order by code');
  }

  @Post('quotes')
  async quote(@Body() { amount, currency }: Money) {
    const { rate } = await this.db.one('select rate from currency where code = $1', currency);
    const [customer] = await this.db.many(
      'select name, discount from customer where tenant_id = $1 order by id desc',
      this.db.tenantId,
    );
    return { customer: customer?.name, total: Math.round(amount * rate * (100 - (customer?.discount ?? 0))) / 100 };
  }
}

const reference: Application = {
  name: 'countries, currencies and rates that everybody shares',
  schema: `create table currency (code text primary key, name text not null, rate float not null);
    insert into currency values ('EUR', 'Euro', 1), ('JPY', 'Yen', 163.2), ('USD', 'Dollar', 1.09);
    create table customer (id serial primary key, tenant_id text not null, name text not null, discount int not null);`,
  controllers: [Reference],
  configure: validated,
  examples: {
    'GET /countries': { answersNothing: 'the same for everybody' },
    'GET /countries/:code': { path: { code: 'JP' }, answersNothing: 'the same for everybody' },
    'GET /rates': { answersNothing: 'the same for everybody' },
    'POST /quotes': { body: { amount: 100, currency: 'JPY' } },
  },
  seed: async (tenant, { canary, db }) => {
    const name = canary('name');
    const { id } = await db.one(
      'insert into customer (tenant_id, name, discount) values ($1, $2, 5) returning id',
      tenant.id,
      name,
    );
    return { customer: { id, name } };
  },
  works: (client) => [
    client.get('/countries'),
    client.get('/countries/JP'),
    client.get('/rates'),
    client.post('/quotes', { amount: 100, currency: 'USD' }),
  ],
};

const FLAGS = { newEditor: true, darkMode: true, exports: false };

@Controller()
class Flags {
  constructor(private readonly db: Db) {}

  /** Flags of everybody, and those that this company has instead. */
  @Get('flags')
  async flags() {
    const own = await this.db.many('select name, is_on from flag where tenant_id = $1', this.db.tenantId);
    return { ...FLAGS, ...Object.fromEntries(own.map((row) => [row.name, row.is_on])) };
  }

  @Get('enums')
  enums() {
    return { priority: ['low', 'normal', 'high'], status: ['open', 'closed'], plan: ['free', 'team'] };
  }

  @Get('config')
  config() {
    return { version: '4.2.0', node: process.version, now: new Date().toISOString(), limits: { upload: 5_000_000 } };
  }
}

const flags: Application = {
  name: 'feature flags, enumerations and the configuration of a client',
  schema: 'create table flag (tenant_id text, name text, is_on boolean not null, primary key (tenant_id, name));',
  controllers: [Flags],
  examples: {
    'GET /enums': { answersNothing: 'the same for everybody' },
    'GET /config': { answersNothing: 'the same for everybody' },
  },
  seed: async (tenant, { canary, db }) => {
    const name = canary('flag');
    await db.many('insert into flag values ($1, $2, true)', tenant.id, name);
    return { flag: { name } };
  },
  works: (client) => [client.get('/flags'), client.get('/enums'), client.get('/config')],
};

/** Pages for those who have not signed in. */
@Untenanted()
@Controller()
class Website {
  @Get()
  @Header('content-type', 'text/html')
  home() {
    return '<!doctype html><title>Welcome</title><h1>Welcome</h1>';
  }

  @Get('robots.txt')
  @Header('content-type', 'text/plain')
  robots() {
    return 'User-agent: *\nDisallow: /app\n';
  }

  @Get('.well-known/security.txt')
  @Header('content-type', 'text/plain')
  security() {
    return 'Contact: mailto:security@example.test\n';
  }

  @Get('start')
  @Redirect('/app', 302)
  start() {}
}

@Controller('app')
class AppPage {
  constructor(private readonly db: Db) {}

  @Get()
  @Header('content-type', 'text/html')
  async page() {
    const rows = await this.db.many('select title from widget where tenant_id = $1 order by id', this.db.tenantId);
    return `<!doctype html><ul>${rows.map(({ title }) => `<li>${title}</li>`).join('')}</ul>`;
  }
}

const website: Application = {
  name: 'a public website beside the application',
  schema: 'create table widget (id serial primary key, tenant_id text not null, title text not null);',
  controllers: [Website, AppPage],
  exempt: {
    'GET /': 'public',
    'GET /robots.txt': 'public',
    'GET /.well-known/security.txt': 'public',
    'GET /start': 'public',
  },
  seed: async (tenant, { canary, db }) => {
    const title = canary('title');
    const { id } = await db.one('insert into widget (tenant_id, title) values ($1, $2) returning id', tenant.id, title);
    return { widget: { id, title } };
  },
  works: (client) => [client.get('/'), client.get('/robots.txt'), client.get('/start'), client.get('/app')],
};

const GREETINGS: Record<string, string> = { en: 'Welcome back', de: 'Willkommen zurück', fr: 'Bon retour' };

@Controller()
class Languages {
  constructor(private readonly db: Db) {}

  @Get('greeting')
  async greeting(
    @Headers('accept-language') accepted: string | undefined,
    @Query('lang') wanted: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ) {
    const lang = [wanted, ...(accepted ?? '').split(/[,;-]/)].find((each) => each && GREETINGS[each]) ?? 'en';
    response.set({ 'content-language': lang, vary: 'Accept-Language' });
    const [hotel] = await this.db.many(
      'select name, slogans from hotel where tenant_id = $1 order by id desc',
      this.db.tenantId,
    );
    return { greeting: `${GREETINGS[lang]}, ${hotel?.name}`, slogan: hotel?.slogans[lang] ?? hotel?.slogans.en };
  }

  @Get('translations/:lang')
  translations(@Param('lang') lang: string) {
    return { lang, texts: GREETINGS[lang] ? { greeting: GREETINGS[lang] } : {} };
  }
}

const languages: Application = {
  name: 'greetings by Accept-Language',
  schema:
    'create table hotel (id serial primary key, tenant_id text not null, name text not null, slogans jsonb not null);',
  controllers: [Languages],
  examples: { 'GET /translations/:lang': { path: { lang: 'de' }, answersNothing: 'the same for everybody' } },
  seed: async (tenant, { canary, db }) => {
    const hotel = { name: canary('name'), slogans: { en: canary('slogan'), de: canary('motto') } };
    const { id } = await db.one(
      'insert into hotel (tenant_id, name, slogans) values ($1, $2, $3) returning id',
      tenant.id,
      hotel.name,
      JSON.stringify(hotel.slogans),
    );
    return { hotel: { id, ...hotel } };
  },
  works: (client) => [
    client.get('/greeting', { headers: { 'accept-language': 'de-DE,de;q=0.9' } }),
    client.get('/greeting?lang=fr'),
    client.get('/translations/de'),
  ],
};

/** Templates come with the product; a company may write its own. */
@Controller('templates')
class Templates {
  constructor(private readonly db: Db) {}

  @Get()
  list() {
    return this.db.many(
      'select id, name, owner_id is null as built_in from template where owner_id is null or owner_id = $1 order by id',
      this.db.tenantId,
    );
  }

  @Get(':id')
  find(@Param('id') id: string) {
    return this.db.one(
      'select id, name from template where id::text = $1 and (owner_id is null or owner_id = $2)',
      id,
      this.db.tenantId,
    );
  }
}

const templates: Application = {
  name: 'templates of the product, and those of each company',
  schema: `create table template (id uuid primary key default gen_random_uuid(), owner_id text, name text not null,
      tenant_id text generated always as (owner_id) stored);
    insert into template (name) values ('Letter'), ('Invoice'), ('Reminder');`,
  controllers: [Templates],
  seed: async (tenant, { canary, db }) => {
    const template = { id: randomUUID(), name: canary('name') };
    await db.many(
      'insert into template (id, owner_id, name) values ($1, $2, $3)',
      template.id,
      tenant.id,
      template.name,
    );
    return { template };
  },
  works: (client, { template }) => [client.get('/templates'), client.get(`/templates/${template.id}`)],
};

@Controller('gadgets')
class Gadgets {
  constructor(private readonly db: Db) {}

  @Get()
  @Header('cache-control', 'private, max-age=16')
  list() {
    return this.db.many('select id, name from gadget where tenant_id = $1 order by id', this.db.tenantId);
  }

  @Get(':id')
  @Header('cache-control', 'private, max-age=16')
  find(@Param('id', ParseIntPipe) id: number) {
    return this.db.one('select id, name from gadget where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }
}

/** Of the process, for whoever collects them, on the adapter itself. */
const rawRoutes: Application = {
  name: 'the version and the metrics of the process, on the adapter itself',
  schema: 'create table gadget (id serial primary key, tenant_id text not null, name text not null);',
  controllers: [Gadgets],
  configure: (app) => {
    const server = app.getHttpAdapter();
    server.get('/version', (_request: object, response: Response) =>
      response.json({ version: '4.2.0', commit: 'f00ba4' }),
    );
    server.get('/metrics', (_request: object, response: Response) =>
      response
        .type('text/plain')
        .send(`process_uptime_seconds ${process.uptime()}\nheap_bytes ${process.memoryUsage().heapUsed}\n`),
    );
  },
  exempt: { 'GET /metrics': "counts bytes and seconds, and holds no tenant's data" },
  seed: async (tenant, { canary, db }) => {
    const name = canary('name');
    const { id } = await db.one('insert into gadget (tenant_id, name) values ($1, $2) returning id', tenant.id, name);
    return { gadget: { id, name } };
  },
  works: (client, { gadget }) => [
    client.get('/version'),
    client.get('/metrics'),
    client.get('/gadgets'),
    client.get(`/gadgets/${gadget.id}`),
  ],
};

export const shared: readonly Application[] = [
  rawRoutes,
  health,
  unexempted,
  swagger,
  reference,
  flags,
  website,
  languages,
  templates,
];
