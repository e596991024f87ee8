import { randomUUID } from 'node:crypto';
import { BullModule, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Controller, Get, Inject, Logger, Query } from '@nestjs/common';
import { type ClientProxy, ClientsModule, MessagePattern, Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import type { Job, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../../../testing/src/postgres/create-database.js';
import { TenantBullModule } from '../../src/bullmq.js';
import { placeOf } from '../../src/microservices/message-place.js';
import { stampMessage } from '../../src/microservices/message-stamp.js';
import { redisMissing, redisUrl } from '../redis.js';
import { call, type Server, serve } from '../server.js';
import { context, messages, type Receiver, receiver, SECRET, tenancy, turns } from './application.js';
import { run, wayOf } from './transports.js';

const QUEUE_SECRET = 'another secret, for the queue between the services';
const prefix = `tenancy-${randomUUID()}`;
const nats = wayOf('NATS');
const missing = nats.missing ?? redisMissing;
const errors = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {});

let pool: pg.Pool;

@Controller()
class ShopController {
  constructor(@Inject('ORDERS') private readonly orders: ClientProxy) {}

  @Get('buy')
  buy(@Query('article') article: string) {
    return this.orders.send(`${run}.order`, { article });
  }
}

@Controller()
class OrderController {
  constructor(@InjectQueue('invoices') private readonly invoices: Queue) {}

  @MessagePattern(`${run}.order`)
  async order(@Payload() { article }: { article: string }) {
    // Of the same id for two tenants.
    await this.invoices.add('invoice', { article, ordered: context.tenantId }, { jobId: `order-${article}` });
    return { ordered: article };
  }
}

@Processor('invoices')
class InvoiceProcessor extends WorkerHost {
  async process({ data }: Job<{ article: string; ordered: string }>) {
    const { article, ordered } = data;
    await pool.query('insert into invoice (tenant_id, article, ordered) values ($1, $2, $3)', [
      context.tenantId,
      article,
      ordered,
    ]);
  }
}

const connection = { host: redisUrl.hostname, port: Number(redisUrl.port) };
const queue = () => [
  TenantBullModule.forRoot({ connection, prefix, secret: QUEUE_SECRET }),
  BullModule.registerQueue({ name: 'invoices' }),
];

describe.skipIf(missing !== null)(`three services in a row${missing === null ? '' : `: ${missing}`}`, () => {
  let shop: Server;
  let orders: Receiver;
  let invoices: { close(): Promise<void> };
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase(inject('postgresUrl'));
    pool = new pg.Pool({ connectionString: database.url });
    await pool.query('create table invoice (tenant_id text not null, article text not null, ordered text not null)');
    const { server, client } = await nats.open();
    const module = await Test.createTestingModule({
      imports: [tenancy(), ...queue()],
      providers: [InvoiceProcessor],
    }).compile();
    invoices = await module.createNestApplication({ logger: false }).init();
    orders = await receiver(server, [OrderController], { imports: queue() });
    shop = await serve('express', {
      imports: [tenancy(), messages(), ClientsModule.register([{ name: 'ORDERS', ...client() } as never])],
      controllers: [ShopController],
    });
  });
  afterAll(async () => {
    await shop?.close();
    await orders?.close();
    await invoices?.close();
    await pool?.end();
    await database?.stop();
    const redis = new Redis(redisUrl.href);
    const keys = await redis.keys(`${prefix}:*`);
    if (keys.length > 0) await redis.del(keys);
    await redis.quit();
  });

  it('M2, interleaved: HTTP, NATS, a queue and a table are each of the tenant that asked', async () => {
    const asked = turns(30);
    const answers = await Promise.all(
      asked.map(({ slug }, i) => call(shop, `${slug}.localhost`, `/buy?article=${Math.floor(i / 3)}`)),
    );
    expect(answers.map(({ body }) => body)).toEqual(asked.map((_, i) => ({ ordered: `${Math.floor(i / 3)}` })));
    const rows = async () =>
      (await pool.query<Record<string, string>>('select tenant_id, article, ordered from invoice')).rows.map(
        (row) => `${row['tenant_id']} ${row['article']} ${row['ordered']}`,
      );
    await vi.waitFor(async () => expect((await rows()).length).toBe(30), 10_000);
    expect((await rows()).toSorted()).toEqual(asked.map(({ id }, i) => `${id} ${Math.floor(i / 3)} ${id}`).toSorted());
    expect(errors).not.toHaveBeenCalled();
  });

  it('M3: the stamp of one hop is worth nothing at another', async () => {
    const { Queue: Raw } = await import('bullmq');
    const raw = new Raw('invoices', { connection, prefix });
    for (const [i, stamp] of [
      stampMessage('t_acme', placeOf(`${run}.order`), [SECRET]),
      stampMessage('t_acme', placeOf(`${run}.order`), [SECRET])
        .split('.')
        .slice(0, 4)
        .join('.'),
      stampMessage('t_acme', 'bullmq:invoices', [SECRET]),
    ].entries()) {
      await raw.add('invoice', { article: 'stolen', ordered: 'nobody' }, {
        jobId: `stolen-${i}`,
        tenancy: stamp,
      } as object);
    }
    await vi.waitFor(async () => expect(await raw.getFailedCount()).toBe(3), 10_000);
    expect((await raw.getFailed()).map(({ failedReason }) => failedReason)).toEqual(
      Array.from({ length: 3 }, () => 'tenant_required'),
    );
    const { rows } = await pool.query("select * from invoice where article = 'stolen'");
    expect(rows).toEqual([]);
    await raw.close();
  });
});
