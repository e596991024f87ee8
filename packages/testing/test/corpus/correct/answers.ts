import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ArgumentsHost,
  Body,
  type CallHandler,
  Catch,
  Controller,
  Delete,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Head,
  Header,
  HttpCode,
  HttpException,
  Injectable,
  type NestInterceptor,
  NotAcceptableException,
  Param,
  ParseIntPipe,
  ParseUUIDPipe,
  Post,
  Query,
  Req,
  Res,
  UnprocessableEntityException,
  ValidationPipe,
  Version,
  VersioningType,
} from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import { IsString } from 'class-validator';
import type { NextFunction, Request, Response } from 'express';
import { map, type Observable, tap } from 'rxjs';
import { type Application, Db } from './application.js';

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
};

/** A table of names, which is enough where the answers are what matters. */
const THINGS =
  'create table thing (id uuid primary key, tenant_id text not null, name text not null, created_at timestamptz not null default now());';

const plantThing: Application['seed'] = async (tenant, { canary, db }) => {
  const thing = { id: randomUUID(), name: canary('name') };
  await db.many('insert into thing values ($1, $2, $3)', thing.id, tenant.id, thing.name);
  return { thing };
};

@Injectable()
class Things {
  constructor(readonly db: Db) {}

  list() {
    return this.db.many('select id, name from thing where tenant_id = $1 order by created_at, id', this.db.tenantId);
  }

  find(id: string) {
    return this.db.one('select id, name from thing where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }

  create(name: string) {
    return this.db.one(
      'insert into thing values ($1, $2, $3) returning id, name',
      randomUUID(),
      this.db.tenantId,
      name,
    );
  }
}

class NewThing {
  @IsString()
  name!: string;
}

/** Every answer in an envelope, with the number of the request and how long it took. */
@Injectable()
class Envelope implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const began = performance.now();
    const requestId = randomUUID();
    context.switchToHttp().getResponse<Response>().set('x-request-id', requestId);
    return next.handle().pipe(
      map((data) => ({
        success: true,
        data,
        meta: { requestId, took: performance.now() - began, at: new Date().toISOString() },
      })),
    );
  }
}

@Catch()
class EnvelopeErrors implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost) {
    const [request, response] = [
      host.switchToHttp().getRequest<Request>(),
      host.switchToHttp().getResponse<Response>(),
    ];
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const message = error instanceof HttpException ? error.message : 'Internal server error';
    response.status(status).json({
      success: false,
      error: { status, message },
      path: request.url,
      at: new Date().toISOString(),
      id: randomUUID(),
    });
  }
}

@Controller('things')
class EnvelopedThings {
  constructor(private readonly things: Things) {}

  @Get()
  list() {
    return this.things.list();
  }

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    return this.things.find(id);
  }

  @Post()
  create(@Body() { name }: NewThing) {
    return this.things.create(name);
  }
}

const envelopes: Application = {
  name: 'answers and errors in an envelope, with numbers and times of their own',
  schema: THINGS,
  controllers: [EnvelopedThings],
  providers: [
    Things,
    { provide: APP_INTERCEPTOR, useClass: Envelope },
    { provide: APP_FILTER, useClass: EnvelopeErrors },
  ],
  configure: validated,
  seed: plantThing,
  works: (client, { thing }) => [
    client.get('/things'),
    client.get(`/things/${thing.id}`),
    client.post('/things', { name: 'Chair' }),
  ],
};

/** RFC 9457; it says which resource was asked for, as the caller did. */
@Catch(HttpException)
class Problems implements ExceptionFilter<HttpException> {
  catch(error: HttpException, host: ArgumentsHost) {
    const [request, response] = [
      host.switchToHttp().getRequest<Request>(),
      host.switchToHttp().getResponse<Response>(),
    ];
    response
      .status(error.getStatus())
      .type('application/problem+json')
      .send({
        type: 'about:blank',
        title: error.message,
        status: error.getStatus(),
        instance: request.originalUrl,
        traceId: randomBytes(8).toString('hex'),
      });
  }
}

const problems: Application = {
  name: 'problem details that say what was asked for',
  schema: THINGS,
  controllers: [EnvelopedThings],
  providers: [Things, { provide: APP_FILTER, useClass: Problems }],
  configure: validated,
  cleans: true,
  seed: plantThing,
  works: (client, { thing }) => [client.get('/things'), client.get(`/things/${thing.id}`)],
};

@Controller({ path: 'things', version: ['1', '2'] })
class VersionedThings {
  constructor(private readonly things: Things) {}

  @Version('1')
  @Get()
  names() {
    return this.things.list().then((rows) => rows.map(({ name }) => name));
  }

  @Version('2')
  @Get()
  async list() {
    return { items: await this.things.list() };
  }

  @Get(':id')
  find(@Param('id', ParseUUIDPipe) id: string) {
    return this.things.find(id);
  }
}

const uriVersions: Application = {
  name: 'versions of the API in the path, below a prefix',
  schema: THINGS,
  controllers: [VersionedThings],
  providers: [Things],
  configure: (app) => {
    app.setGlobalPrefix('api');
    app.enableVersioning({ type: VersioningType.URI });
  },
  seed: plantThing,
  works: (client, { thing }) => [
    client.get('/api/v1/things'),
    client.get('/api/v2/things'),
    client.get(`/api/v2/things/${thing.id}`),
  ],
};

const headerVersions: Application = {
  name: 'versions of the API in a header',
  schema: THINGS,
  controllers: [VersionedThings],
  providers: [Things],
  configure: (app) => {
    app.enableVersioning({ type: VersioningType.HEADER, header: 'x-api-version', defaultVersion: '2' });
  },
  seed: plantThing,
  works: (client, { thing }) => [
    client.get('/things', { headers: { 'x-api-version': '1' } }),
    client.get(`/things/${thing.id}`, { headers: { 'x-api-version': '2' } }),
  ],
};

@Controller('things')
class NegotiatedThings {
  constructor(private readonly things: Things) {}

  @Get()
  async list(@Req() request: Request, @Res() response: Response) {
    const rows = await this.things.list();
    response.vary('accept');
    switch (request.accepts(['json', 'csv', 'html'])) {
      case 'json':
        return response.json(rows);
      case 'csv':
        return response
          .type('text/csv')
          .send(['id,name', ...rows.map(({ id, name }) => `${id},"${name}"`)].join('\r\n'));
      case 'html':
        return response.type('html').send(`<ul>${rows.map(({ name }) => `<li>${name}</li>`).join('')}</ul>`);
      default:
        throw new NotAcceptableException();
    }
  }
}

const negotiation: Application = {
  name: 'a list as JSON, CSV or HTML, as Accept says',
  schema: THINGS,
  controllers: [NegotiatedThings],
  providers: [Things],
  seed: plantThing,
  works: (client) => [client.get('/things'), client.get('/things', { headers: { accept: 'text/csv' } })],
};

@Controller('things')
class SlowThings {
  constructor(private readonly things: Things) {}

  @Get()
  async list() {
    await sleep(200);
    return this.things.list();
  }

  @Post()
  async create(@Body() { name }: NewThing) {
    await sleep(200);
    return this.things.create(name);
  }
}

const slow: Application = {
  name: 'handlers that take 200 milliseconds',
  schema: THINGS,
  controllers: [SlowThings],
  providers: [Things],
  configure: validated,
  seed: plantThing,
  works: (client) => [client.get('/things'), client.post('/things', { name: 'Chair' })],
};

@Controller('things')
class TerseThings {
  constructor(private readonly things: Things) {}

  @Head(':id')
  async exists(@Param('id', ParseUUIDPipe) id: string) {
    await this.things.find(id);
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id', ParseUUIDPipe) id: string) {
    const { db } = this.things;
    await db.one('delete from thing where id = $1 and tenant_id = $2 returning 1', id, db.tenantId);
  }

  @Post()
  async create(@Body() { name }: NewThing, @Res() response: Response) {
    const { id } = await this.things.create(name);
    response.redirect(303, `/things/${id}/edit`);
  }

  @Get(':id/edit')
  async edit(@Param('id', ParseUUIDPipe) id: string) {
    const { name } = await this.things.find(id);
    return `<form><input name="name" value="${name}"></form>`;
  }
}

const terse: Application = {
  name: 'HEAD, 204 and redirects after a form',
  schema: THINGS,
  controllers: [TerseThings],
  providers: [Things],
  configure: validated,
  seed: plantThing,
  works: async (client, { thing }) => [
    await client.request({ method: 'HEAD', path: `/things/${thing.id}` }),
    await client.get(`/things/${thing.id}/edit`),
    await client.post('/things', { name: 'Chair' }),
    await client.delete(`/things/${thing.id}`),
  ],
};

@Controller()
class RandomThings {
  constructor(private readonly things: Things) {}

  @Get('form')
  @Header('cache-control', 'no-store')
  async form(@Res({ passthrough: true }) response: Response) {
    const nonce = randomBytes(16).toString('base64');
    response.set('content-security-policy', `script-src 'nonce-${nonce}'`);
    return { nonce, choices: await this.things.list() };
  }

  @Post('invitations')
  async invite(@Body() { name }: NewThing) {
    const { id } = await this.things.create(name);
    return {
      id,
      link: `https://example.test/i/${randomBytes(24).toString('base64url')}`,
      expires: Date.now() + 86_400_000,
    };
  }

  @Get('draw')
  async draw(@Query('count', new ParseIntPipe({ optional: true })) count = 2) {
    const rows = await this.things.list();
    return {
      seed: Math.random(),
      drawn: rows.sort(() => Math.random() - 0.5).slice(0, count),
      pi: process.hrtime.bigint().toString(),
    };
  }
}

const random: Application = {
  name: 'nonces, links and draws at random',
  schema: THINGS,
  controllers: [RandomThings],
  providers: [Things],
  configure: validated,
  seed: plantThing,
  works: (client) => [client.get('/form'), client.post('/invitations', { name: 'Ada' }), client.get('/draw')],
};

@Controller('shifts')
class Shifts {
  constructor(private readonly db: Db) {}

  @Get()
  list(@Query('zone') zone = 'Europe/Berlin', @Query('from') from = '2026-03-01', @Query('to') to = '2026-04-30') {
    if (!Intl.supportedValuesOf('timeZone').includes(zone)) throw new UnprocessableEntityException('unknown zone');
    return this.db.many(
      `select id, who, to_char(starts at time zone $2, 'YYYY-MM-DD HH24:MI') as starts from shift
       where tenant_id = $1 and starts >= $3::date and starts < $4::date + 1 order by shift.starts, id`,
      this.db.tenantId,
      zone,
      from,
      to,
    );
  }

  @Get('by-day')
  byDay() {
    return this.db.many(
      `select date_trunc('day', starts)::date::text as day, count(*)::int as shifts, sum(hours)::int as hours
       from shift where tenant_id = $1 group by 1 order by 1`,
      this.db.tenantId,
    );
  }
}

const zones: Application = {
  name: 'shifts by day and zone, over a change of clocks',
  schema: `create table shift (id serial primary key, tenant_id text not null, who text not null, starts timestamptz not null, hours int not null);`,
  controllers: [Shifts],
  seed: async (tenant, { canary, db }) => {
    const who = canary('who');
    const { id } = await db.one(
      `insert into shift (tenant_id, who, starts, hours) values ($1, $2, '2026-03-29T00:30:00Z', 8) returning id`,
      tenant.id,
      who,
    );
    return { shift: { id, who } };
  },
  works: (client) => [
    client.get('/shifts'),
    client.get('/shifts?zone=Asia/Tokyo&from=2026-03-28'),
    client.get('/shifts/by-day'),
  ],
};

/** Links to itself, in the body and in a header. */
@Controller('things')
class LinkedThings {
  constructor(private readonly things: Things) {}

  @Get()
  async list(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    const base = `${request.protocol}://${request.get('host')}/things`;
    response.set('link', `<${base}?page=2>; rel="next"`);
    const rows = await this.things.list();
    return {
      _links: { self: { href: base } },
      _embedded: { things: rows.map((row) => ({ ...row, _links: { self: { href: `${base}/${row.id}` } } })) },
    };
  }

  @Get(':id')
  async find(@Param('id', ParseUUIDPipe) id: string) {
    const { name } = await this.things.find(id);
    return {
      data: { type: 'things', id, attributes: { name } },
      links: { self: `/things/${id}` },
      jsonapi: { version: '1.1' },
    };
  }
}

const links: Application = {
  name: 'HAL and JSON:API, with links to the host of the request',
  schema: THINGS,
  controllers: [LinkedThings],
  providers: [Things],
  cleans: true,
  seed: plantThing,
  works: (client, { thing }) => [client.get('/things'), client.get(`/things/${thing.id}`)],
};

/** Each request is a line of JSON. */
@Injectable()
class AccessLog implements NestInterceptor {
  constructor(private readonly db: Db) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { method, url } = context.switchToHttp().getRequest<Request>();
    const began = Date.now();
    const { tenantId } = this.db;
    return next
      .handle()
      .pipe(
        tap(() => console.log(JSON.stringify({ method, url, tenantId, ms: Date.now() - began, pid: process.pid }))),
      );
  }
}

const logged: Application = {
  name: 'an access log that says whose each request was',
  schema: THINGS,
  controllers: [EnvelopedThings],
  providers: [Things, { provide: APP_INTERCEPTOR, useClass: AccessLog }],
  configure: (app) => {
    app.useGlobalPipes(new ValidationPipe());
    app.use((request: Request, response: Response, next: NextFunction) => {
      response.set({
        'x-correlation-id': request.get('x-correlation-id') ?? randomUUID(),
        'x-served-by': `pod-${process.pid}`,
      });
      next();
    });
  },
  seed: plantThing,
  works: (client, { thing }) => [
    client.get('/things'),
    client.get(`/things/${thing.id}`),
    client.post('/things', { name: 'Chair' }),
  ],
};

export const answers: readonly Application[] = [
  envelopes,
  problems,
  uriVersions,
  headerVersions,
  negotiation,
  slow,
  terse,
  random,
  zones,
  links,
  logged,
];
