import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Injectable,
  Logger,
  type OnModuleDestroy,
  type OnModuleInit,
  Param,
  ParseUUIDPipe,
  Post,
  Put,
  ValidationPipe,
} from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Cron, Interval } from '@nestjs/schedule';
import { TenantContext, TenantRegistry } from '@tenancy/core';
import { TenantScheduleModule } from '@tenancy/core/schedule';
import { IsString } from 'class-validator';
import type { Caller } from '../../../src/index.js';
import { type Application, Db, type Rows } from './application.js';

const validated: Application['configure'] = (app) => {
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
};

const TASKS = `create table task (id uuid primary key, tenant_id text not null, title text not null, status text not null default 'queued',
  result text, created_at timestamptz not null default clock_timestamp());`;

const plantTask: Application['seed'] = async (tenant, { canary, db }) => {
  const task = { id: randomUUID(), title: canary('title') };
  await db.many('insert into task values ($1, $2, $3)', task.id, tenant.id, task.title);
  return { task };
};

class NewTask {
  @IsString()
  title!: string;
}

/** The answer is 202; the row is there a tenth of a second later. */
@Controller('reports')
class LateReports {
  readonly #logger = new Logger('Reports');

  constructor(private readonly db: Db) {}

  @Post()
  @HttpCode(202)
  order(@Body() { title }: NewTask) {
    const id = randomUUID();
    setTimeout(() => {
      this.db
        .many(
          `insert into task (id, tenant_id, title, status) values ($1, $2, $3, 'done')`,
          id,
          this.db.tenantId,
          title,
        )
        .catch((error: Error) => this.#logger.error(error.message));
    }, 100);
    return { id, status: 'accepted' };
  }

  @Get(':id')
  async find(@Param('id', ParseUUIDPipe) id: string) {
    return this.db.one('select id, title, status from task where id = $1 and tenant_id = $2', id, this.db.tenantId);
  }

  @Get()
  list() {
    return this.db.many(
      'select id, title, status from task where tenant_id = $1 order by created_at',
      this.db.tenantId,
    );
  }
}

const accepted: Application = {
  name: 'reports that are written 100 milliseconds after the answer',
  schema: TASKS,
  controllers: [LateReports],
  configure: validated,
  seed: async (tenant, seeding) => {
    const { task } = await plantTask(tenant, seeding);
    return { report: task } as never;
  },
  works: (client, { report }) => [
    client.post('/reports', { title: 'First quarter' }),
    client.get(`/reports/${report.id}`),
    client.get('/reports'),
  ],
};

/** Jobs wait here, and are worked on one after another, each as whoever ordered it. */
@Injectable()
class Queue {
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly tenants: TenantContext) {}

  add(work: () => Promise<unknown>): void {
    const bound = this.tenants.bind(work);
    this.#last = this.#last.then(bound).catch(() => {});
  }
}

@Controller('jobs')
class Jobs {
  constructor(
    private readonly db: Db,
    private readonly queue: Queue,
  ) {}

  @Post()
  @HttpCode(202)
  async start(@Body() { title }: NewTask) {
    const { tenantId } = this.db;
    const job = await this.db.one(
      'insert into task values ($1, $2, $3) returning id, status',
      randomUUID(),
      tenantId,
      title,
    );
    this.queue.add(async () => {
      await this.db.many(
        `update task set status = 'running' where id = $1 and tenant_id = $2`,
        job.id,
        this.db.tenantId,
      );
      await this.db.many(
        `update task set status = 'done', result = upper(title) where id = $1 and tenant_id = $2`,
        job.id,
        this.db.tenantId,
      );
    });
    return { ...job, poll: `/jobs/${job.id}` };
  }

  @Get(':id')
  status(@Param('id', ParseUUIDPipe) id: string) {
    return this.db.one(
      'select id, status, title, result from task where id = $1 and tenant_id = $2',
      id,
      this.db.tenantId,
    );
  }
}

const queue: Application = {
  name: 'a queue in this process, and jobs whose status is asked for',
  schema: TASKS,
  controllers: [Jobs],
  providers: [Queue],
  configure: validated,
  seed: async (_tenant, { canary, client }) => {
    const title = canary('title');
    const { body } = await client.post('/jobs', { title });
    return { job: { ...(body as { id: string }), title } };
  },
  works: (client, { job }) => [client.post('/jobs', { title: 'Export' }), client.get(`/jobs/${job.id}`)],
};

@Injectable()
class Notifications {
  constructor(private readonly db: Db) {}

  @OnEvent('task.created', { async: true })
  async created({ title }: { title: string }) {
    await this.db.many('insert into notice values ($1, $2, $3)', randomUUID(), this.db.tenantId, `New: ${title}`);
  }
}

@Controller('tasks')
class EmittingTasks {
  constructor(
    private readonly db: Db,
    private readonly emitter: EventEmitter2,
  ) {}

  @Post()
  async create(@Body() { title }: NewTask) {
    const task = await this.db.one(
      'insert into task values ($1, $2, $3) returning id, title',
      randomUUID(),
      this.db.tenantId,
      title,
    );
    this.emitter.emit('task.created', task);
    return task;
  }

  @Get('notices')
  notices() {
    return this.db.many('select text from notice where tenant_id = $1 order by text', this.db.tenantId);
  }
}

const events: Application = {
  name: 'an event whose listener writes a notice',
  schema: `${TASKS} create table notice (id uuid primary key, tenant_id text not null, text text not null);`,
  imports: [EventEmitterModule.forRoot()],
  controllers: [EmittingTasks],
  providers: [Notifications],
  configure: validated,
  examples: {
    'event Notifications.created': {
      call: async (_rows: Rows, { app, tenant, canary }: Caller) => {
        const emit = () => app.get(Notifications).created({ title: canary('title') });
        await (tenant ? app.get(TenantContext).run(tenant, emit) : emit());
      },
    },
  },
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/tasks', { title: canary('title') });
    return { task: body as { id: string } };
  },
  works: (client) => [client.post('/tasks', { title: 'Call Ada' }), client.get('/tasks/notices')],
};

/** For one tenant after another. */
@Injectable()
class Reminders {
  constructor(
    private readonly db: Db,
    private readonly registry: TenantRegistry,
    private readonly tenants: TenantContext,
  ) {}

  @Cron('0 6 * * *')
  async everybody(): Promise<void> {
    for await (const tenant of this.registry.list?.() ?? []) await this.tenants.run(tenant, () => this.remind());
  }

  async remind() {
    await this.db.many(
      `update task set status = 'overdue' where tenant_id = $1 and status = 'queued' and created_at < now() - interval '1 day'`,
      this.db.tenantId,
    );
  }
}

@Injectable()
class Heartbeat {
  beats = 0;

  @Interval(60_000)
  beat() {
    this.beats++;
  }
}

@Controller('tasks')
class DueTasks {
  constructor(
    private readonly db: Db,
    private readonly reminders: Reminders,
  ) {}

  @Get()
  list() {
    return this.db.many(
      'select id, title, status from task where tenant_id = $1 order by created_at',
      this.db.tenantId,
    );
  }

  @Post('remind')
  @HttpCode(204)
  async remind() {
    await this.reminders.remind();
  }
}

const schedule: Application = {
  name: 'a reminder every morning, and a heartbeat',
  schema: TASKS,
  imports: [TenantScheduleModule.forRoot()],
  controllers: [DueTasks],
  providers: [Reminders, Heartbeat],
  examples: {
    'cron Reminders.everybody': {
      call: async (_rows: Rows, { app, tenant }: Caller) => {
        const work = () => app.get(Reminders).remind();
        await (tenant ? app.get(TenantContext).run(tenant, work) : work());
      },
      answersNothing: 'it is done for one tenant after another',
    },
    'POST /tasks/remind': { answersNothing: 'nothing is overdue' },
  },
  exempt: { 'cron Heartbeat.beat': 'counts, and holds no data' },
  seed: plantTask,
  works: (client) => [client.get('/tasks'), client.post('/tasks/remind')],
};

class Hook {
  @IsString()
  url!: string;
}

/** Each tenant's own server hears what happens at that tenant. */
@Controller()
class Webhooks {
  constructor(private readonly db: Db) {}

  @Put('webhook')
  register(@Body() { url }: Hook) {
    return this.db.one(
      'insert into webhook values ($1, $2) on conflict (tenant_id) do update set url = excluded.url returning url',
      this.db.tenantId,
      url,
    );
  }

  @Post('tasks')
  async create(@Body() { title }: NewTask) {
    const task = await this.db.one(
      'insert into task values ($1, $2, $3) returning id, title',
      randomUUID(),
      this.db.tenantId,
      title,
    );
    const [hook] = await this.db.many('select url from webhook where tenant_id = $1', this.db.tenantId);
    if (hook) {
      const delivered = await fetch(hook.url, {
        method: 'POST',
        body: JSON.stringify({ type: 'task.created', task }),
      }).catch(() => null);
      return { ...task, delivered: delivered?.ok ?? false };
    }
    return { ...task, delivered: false };
  }

  @Get('webhook')
  find() {
    return this.db.one('select url from webhook where tenant_id = $1', this.db.tenantId);
  }
}

/** Whoever is told. */
@Injectable()
class Receiver implements OnModuleInit, OnModuleDestroy {
  readonly #server: Server = createServer((request, response) => {
    request.resume().on('end', () => response.end('thanks'));
  });

  async onModuleInit() {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  onModuleDestroy() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  urlFor(name: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}`;
  }
}

const webhooks: Application = {
  name: "webhooks to each tenant's own server",
  schema: `${TASKS} create table webhook (tenant_id text primary key, url text not null);`,
  controllers: [Webhooks],
  providers: [Receiver],
  configure: validated,
  seed: async (tenant, { canary, client, app }) => {
    const url = app.get(Receiver).urlFor(`${tenant.slug}-${canary('hook')}`);
    await client.put('/webhook', { url });
    const { body } = await client.post('/tasks', { title: canary('title') });
    return { task: body as { id: string }, webhook: { url } };
  },
  works: (client) => [client.get('/webhook'), client.post('/tasks', { title: 'Call Ada' })],
};

/** Messages are written beside the row that they are about, and sent by and by. */
@Injectable()
class Outbox {
  constructor(private readonly db: Db) {}

  async deliver(): Promise<number> {
    const sent = await this.db.many(
      'update outbox set sent_at = now() where tenant_id = $1 and sent_at is null returning id',
      this.db.tenantId,
    );
    return sent.length;
  }
}

@Controller()
class OutboxTasks {
  constructor(
    private readonly db: Db,
    private readonly outbox: Outbox,
  ) {}

  @Post('tasks')
  async create(@Body() { title }: NewTask) {
    const task = await this.db.one(
      `with made as (insert into task values ($1, $2, $3) returning id, title),
         told as (insert into outbox (tenant_id, what) select $2, title from made)
       select * from made`,
      randomUUID(),
      this.db.tenantId,
      title,
    );
    setImmediate(() => this.outbox.deliver().catch(() => {}));
    return task;
  }

  @Get('outbox')
  pending() {
    return this.db.many(
      'select id, what, sent_at is not null as sent from outbox where tenant_id = $1 order by id',
      this.db.tenantId,
    );
  }
}

const outbox: Application = {
  name: 'an outbox that is emptied after the answer',
  schema: `${TASKS} create table outbox (id serial primary key, tenant_id text not null, what text not null, sent_at timestamptz);`,
  controllers: [OutboxTasks],
  providers: [Outbox],
  configure: validated,
  seed: async (_tenant, { canary, client }) => {
    const { body } = await client.post('/tasks', { title: canary('title') });
    return { task: body as { id: string } };
  },
  works: (client) => [client.post('/tasks', { title: 'Call Ada' }), client.get('/outbox')],
};

/** Steps go forth and back. */
@Controller('tasks')
class Workflow {
  constructor(private readonly db: Db) {}

  @Post(':id/start')
  @HttpCode(200)
  start(@Param('id', ParseUUIDPipe) id: string) {
    return this.move(id, 'queued', 'running');
  }

  @Post(':id/cancel')
  @HttpCode(200)
  cancel(@Param('id', ParseUUIDPipe) id: string) {
    return this.move(id, 'queued', 'cancelled');
  }

  @Post(':id/undo')
  @HttpCode(200)
  undo(@Param('id', ParseUUIDPipe) id: string) {
    return this.db.one(
      `update task set status = 'queued' where id = $1 and tenant_id = $2 returning id, title, status`,
      id,
      this.db.tenantId,
    );
  }

  private async move(id: string, from: string, to: string) {
    const [moved] = await this.db.many(
      'update task set status = $4 where id = $1 and tenant_id = $2 and status = $3 returning id, title, status',
      id,
      this.db.tenantId,
      from,
      to,
    );
    return (
      moved ?? this.db.one('select id, title, status from task where id = $1 and tenant_id = $2', id, this.db.tenantId)
    );
  }
}

const workflow: Application = {
  name: 'a workflow whose steps can be undone',
  schema: TASKS,
  controllers: [Workflow],
  cleans: true,
  seed: plantTask,
  works: async (client, { task }) => [
    await client.post(`/tasks/${task.id}/start`),
    await client.post(`/tasks/${task.id}/undo`),
    await client.post(`/tasks/${task.id}/cancel`),
  ],
};

/** Each request is written down once it has been answered. */
@Controller('tasks')
class LoggedTasks {
  constructor(private readonly db: Db) {}

  @Post()
  create(@Body() { title }: NewTask) {
    this.noteLater(`created ${title}`);
    return this.db.one(
      'insert into task values ($1, $2, $3) returning id, title',
      randomUUID(),
      this.db.tenantId,
      title,
    );
  }

  @Get()
  list() {
    this.noteLater('listed');
    return this.db.many('select id, title from task where tenant_id = $1 order by created_at', this.db.tenantId);
  }

  @Put(':id')
  async rename(@Param('id', ParseUUIDPipe) id: string, @Body() { title }: NewTask) {
    const task = await this.db.one(
      'update task set title = $3 where id = $1 and tenant_id = $2 returning id, title',
      id,
      this.db.tenantId,
      title,
    );
    this.noteLater(`renamed ${id}`);
    return task;
  }

  private noteLater(what: string): void {
    setTimeout(() => {
      this.db.many('insert into usage (tenant_id, what) values ($1, $2)', this.db.tenantId, what).catch(() => {});
    }, 250).unref();
  }
}

const lateUsage: Application = {
  name: 'usage that is written down a quarter of a second later, of reads too',
  schema: `${TASKS} create table usage (id serial primary key, tenant_id text not null, what text not null);`,
  controllers: [LoggedTasks],
  configure: validated,
  seed: plantTask,
  works: async (client, { task }) => [
    await client.get('/tasks'),
    await client.post('/tasks', { title: 'Call Ada' }),
    await client.put(`/tasks/${task.id}`, { title: 'Call Grace' }),
  ],
};

/** Usage is kept in memory, and written every 50 milliseconds, each tenant's as that tenant. */
@Injectable()
class Meter implements OnModuleInit, OnModuleDestroy {
  readonly #calls = new Map<string, number>();
  #timer?: NodeJS.Timeout;

  constructor(private readonly db: Db) {}

  onModuleInit() {
    this.#timer = setInterval(() => void this.flush(), 50).unref();
  }

  onModuleDestroy() {
    clearInterval(this.#timer);
  }

  count(): void {
    this.#calls.set(this.db.tenantId, (this.#calls.get(this.db.tenantId) ?? 0) + 1);
  }

  private async flush(): Promise<void> {
    for (const [tenantId, calls] of this.#calls) {
      this.#calls.delete(tenantId);
      await this.db
        .many(
          `insert into metered values ($1, $2)
           on conflict (tenant_id) do update set calls = metered.calls + excluded.calls`,
          tenantId,
          calls,
        )
        .catch(() => {});
    }
  }
}

@Controller('tasks')
class MeteredTasks {
  constructor(
    private readonly db: Db,
    private readonly meter: Meter,
  ) {}

  @Post()
  create(@Body() { title }: NewTask) {
    this.meter.count();
    return this.db.one(
      'insert into task values ($1, $2, $3) returning id, title',
      randomUUID(),
      this.db.tenantId,
      title,
    );
  }

  @Get()
  list() {
    this.meter.count();
    return this.db.many('select id, title from task where tenant_id = $1 order by created_at', this.db.tenantId);
  }
}

const metered: Application = {
  name: 'calls that are counted in memory and written every 50 milliseconds',
  schema: `${TASKS} create table metered (tenant_id text primary key, calls int not null);`,
  controllers: [MeteredTasks],
  providers: [Meter],
  configure: validated,
  seed: plantTask,
  works: (client) => [client.get('/tasks'), client.post('/tasks', { title: 'Call Ada' })],
};

export const later: readonly Application[] = [
  lateUsage,
  metered,
  accepted,
  queue,
  events,
  schedule,
  webhooks,
  outbox,
  workflow,
];
