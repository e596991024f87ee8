import { randomUUID } from 'node:crypto';
import fastifyCookie from '@fastify/cookie';
import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  type INestApplication,
  Param,
  ParseIntPipe,
  ParseUUIDPipe,
  Patch,
  Post,
  Query,
  Req,
  Res,
  Sse,
  ValidationPipe,
} from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { TenantContext } from '@tenancy/core';
import { Type } from 'class-transformer';
import { IsBoolean, IsInt, IsOptional, IsString, Min } from 'class-validator';
import express, { type Request, type Response } from 'express';
import { from, map } from 'rxjs';
import { type Application, Db } from './application.js';

const fastify = { adapter: () => new FastifyAdapter() };

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
};

const TODOS = `create table todo (id serial primary key, tenant_id text not null, text text not null, is_done boolean not null default false,
  created_at timestamptz not null default now());`;

const plantTodo: Application['seed'] = async (tenant, { canary, db }) => {
  const text = canary('text');
  const { id } = await db.one('insert into todo (tenant_id, text) values ($1, $2) returning id', tenant.id, text);
  return { todo: { id, text } };
};

class NewTodo {
  @IsString()
  text!: string;
}

class TodoChange {
  @IsOptional()
  @IsString()
  text?: string;

  @IsOptional()
  @IsBoolean()
  isDone?: boolean;
}

class TodoQuery {
  @IsOptional()
  @IsString()
  q?: string;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  offset = 0;
}

@Controller('todos')
class Todos {
  constructor(private readonly db: Db) {}

  @Get()
  list(@Query() { q, offset }: TodoQuery) {
    return this.db.many(
      `select id, text, is_done from todo where tenant_id = $1 and text ilike '%' || $2 || '%' order by id offset $3 limit 25`,
      this.db.tenantId,
      q ?? '',
      offset,
    );
  }

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number) {
    return this.db.one('select id, text, is_done from todo where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }

  @Post()
  create(@Body() { text }: NewTodo) {
    return this.db.one(
      'insert into todo (tenant_id, text) values ($1, $2) returning id, text, is_done',
      this.db.tenantId,
      text,
    );
  }

  @Patch(':id')
  change(@Param('id', ParseIntPipe) id: number, @Body() { text, isDone }: TodoChange) {
    return this.db.one(
      'update todo set text = coalesce($3, text), is_done = coalesce($4, is_done) where id = $1 and tenant_id = $2 returning id, text, is_done',
      id,
      this.db.tenantId,
      text ?? null,
      isDone ?? null,
    );
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id', ParseIntPipe) id: number) {
    await this.db.one('delete from todo where id = $1 and tenant_id = $2 returning 1', id, this.db.tenantId);
  }
}

const todoWorks: Application['works'] = async (client, { todo }) => [
  await client.get('/todos'),
  await client.get(`/todos/${todo.id}`),
  await client.post('/todos', { text: 'Buy milk' }),
  await client.patch(`/todos/${todo.id}`, { isDone: true }),
  await client.delete(`/todos/${todo.id}`),
];

const onFastify: Application = {
  name: 'tasks with all the usual methods, on Fastify',
  schema: TODOS,
  controllers: [Todos],
  configure: validated,
  harness: fastify,
  seed: plantTodo,
  works: todoWorks,
};

const onExpress: Application = {
  ...onFastify,
  name: 'tasks with all the usual methods, on Express',
  harness: {},
  cleans: true,
};

@Controller('preferences')
class Preferences {
  constructor(private readonly db: Db) {}

  @Get()
  async show(
    @Req() request: { cookies: Record<string, string | undefined> },
    @Res({ passthrough: true }) reply: { header(name: string, value: string): void },
  ) {
    const [todo] = await this.db.many(
      'select text from todo where tenant_id = $1 order by id desc limit 1',
      this.db.tenantId,
    );
    reply.header('x-request-id', randomUUID());
    return { theme: request.cookies['theme'] ?? 'light', next: todo?.text };
  }

  @Post('theme')
  @HttpCode(204)
  theme(
    @Body() { text }: NewTodo,
    @Res({ passthrough: true }) reply: { setCookie(name: string, value: string, options: object): void },
  ) {
    reply.setCookie('theme', text === 'dark' ? 'dark' : 'light', { path: '/', sameSite: 'lax' });
  }
}

const fastifyCookies: Application = {
  name: 'preferences in cookies, on Fastify',
  schema: TODOS,
  controllers: [Preferences],
  configure: async (app) => {
    await (app as NestFastifyApplication).register(fastifyCookie as never);
    app.useGlobalPipes(new ValidationPipe());
  },
  examples: { 'POST /preferences/theme': { body: { text: 'dark' }, answersNothing: 'a cookie of the browser alone' } },
  harness: fastify,
  seed: plantTodo,
  works: (client) => [client.get('/preferences'), client.post('/preferences/theme', { text: 'dark' })],
};

@Controller('todos')
class FastTodos {
  constructor(private readonly db: Db) {}

  @Get()
  async list(
    @Headers('if-none-match') seen: string | undefined,
    @Res({ passthrough: true }) reply: { header(name: string, value: string): void; status(code: number): void },
  ) {
    const rows = await this.db.many('select id, text from todo where tenant_id = $1 order by id', this.db.tenantId);
    const tag = `W/"${rows.length}-${rows.at(-1)?.id ?? 0}"`;
    reply.header('etag', tag);
    if (seen === tag) {
      reply.status(304);
      return undefined;
    }
    return rows;
  }

  @Sse('events')
  async events() {
    const rows = await this.db.many('select text from todo where tenant_id = $1 order by id', this.db.tenantId);
    return from(rows).pipe(map((data) => ({ data })));
  }
}

const fastifyEtags: Application = {
  name: 'weak tags and an event stream, on Fastify',
  schema: TODOS,
  controllers: [FastTodos],
  harness: fastify,
  seed: plantTodo,
  works: (client) => [client.get('/todos')],
};

/** Routes that were there before Nest came. */
function legacyRouter(app: INestApplication): express.Router {
  const [tenants, { pool }] = [app.get(TenantContext), app.get(Db)];
  const router = express.Router();
  router.get('/todos', async (_request: Request, response: Response) => {
    if (!tenants.isActive()) return response.status(401).json({ error: 'who are you?' });
    const { rows } = await pool.query('select id, text from todo where tenant_id = $1 order by id', [tenants.tenantId]);
    return response.json(rows);
  });
  router.get('/todos/:id', async (request: Request, response: Response) => {
    if (!tenants.isActive()) return response.status(401).json({ error: 'who are you?' });
    const { rows } = await pool.query('select id, text from todo where id::text = $1 and tenant_id = $2', [
      request.params['id'],
      tenants.tenantId,
    ]);
    return rows[0] ? response.json(rows[0]) : response.status(404).json({ error: 'there is none' });
  });
  return router;
}

const legacy: Application = {
  name: 'a router of Express that was there before Nest',
  schema: TODOS,
  controllers: [Todos],
  configure: (app) => {
    app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
    app.use('/legacy', legacyRouter(app));
  },
  seed: plantTodo,
  works: (client, { todo }) => [client.get('/legacy/todos'), client.get(`/legacy/todos/${todo.id}`)],
};

@Controller({ path: 'todos' })
class NestedTodos {
  constructor(private readonly db: Db) {}

  @Get('*path')
  async wildcard(@Param('path') path: string | string[]) {
    const [id = ''] = [path].flat();
    return this.db.one('select id, text from todo where id::text = $1 and tenant_id = $2', id, this.db.tenantId);
  }
}

const wildcards: Application = {
  name: 'a wildcard in the path',
  schema: TODOS,
  controllers: [NestedTodos],
  examples: { 'GET /todos/*path': ({ todo }) => ({ path: { path: String(todo.id) } }) },
  seed: plantTodo,
  works: (client, { todo }) => [client.get(`/todos/${todo.id}`)],
};

class Comment {
  @IsString()
  text!: string;
}

/** Below the row that they are about. */
@Controller('posts/:postId/comments')
class Comments {
  constructor(private readonly db: Db) {}

  @Get()
  async list(@Param('postId', ParseUUIDPipe) postId: string) {
    await this.post(postId);
    return this.db.many(
      'select id, text from comment where post_id = $1 and tenant_id = $2 order by id',
      postId,
      this.db.tenantId,
    );
  }

  @Post()
  async create(@Param('postId', ParseUUIDPipe) postId: string, @Body() { text }: Comment) {
    await this.post(postId);
    return this.db.one(
      'insert into comment (tenant_id, post_id, text) values ($1, $2, $3) returning id, text',
      this.db.tenantId,
      postId,
      text,
    );
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('postId', ParseUUIDPipe) postId: string, @Param('id', ParseIntPipe) id: number) {
    await this.db.one(
      'delete from comment where id = $1 and post_id = $2 and tenant_id = $3 returning 1',
      id,
      postId,
      this.db.tenantId,
    );
  }

  private post(id: string) {
    return this.db.one('select 1 from post where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }
}

const nested: Application = {
  name: 'comments below their post, on Fastify',
  schema: `create table post (id uuid primary key, tenant_id text not null, title text not null);
    create table comment (id serial primary key, tenant_id text not null, post_id uuid not null, text text not null);`,
  controllers: [Comments],
  configure: validated,
  harness: fastify,
  seed: async (tenant, { canary, client, db }) => {
    const post = { id: randomUUID(), title: canary('title') };
    await db.many('insert into post values ($1, $2, $3)', post.id, tenant.id, post.title);
    const { body } = await client.post(`/posts/${post.id}/comments`, { text: canary('text') });
    return { post, comment: body as { id: number } };
  },
  works: async (client, { post, comment }) => [
    await client.get(`/posts/${post.id}/comments`),
    await client.delete(`/posts/${post.id}/comments/${comment.id}`),
  ],
};

export const adapters: readonly Application[] = [
  onExpress,
  onFastify,
  fastifyCookies,
  fastifyEtags,
  legacy,
  wildcards,
  nested,
];
