import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CachedTenantRegistry, fromSubdomain, InMemoryTenantRegistry, TenancyModule, type Tenant } from '@tenancy/core';
import { outboxTableSql, postgresOutbox, TenantOutbox, TenantOutboxModule } from '@tenancy/core/events';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, initech, tenants } from '../database/floor-database.js';
import { type OutboxDatabase, type OutboxQueue, openOutboxDatabase } from './outbox-database.js';

let database: OutboxDatabase;
let pool: TenantPool;
let mails: OutboxQueue;
let queueName = '';
let count = 0;

/** Events that reached the queue, and as whom they were sent, in the order of sending. */
let sent: { readonly as: string; readonly name: string; readonly data: unknown; readonly jobId: string }[] = [];
let arrived = () => {};
let refuse: (name: string) => boolean = () => false;

const apps: INestApplicationContext[] = [];
const registry: { tenants: Tenant[] } = { tenants: [] };

beforeAll(async () => {
  database = await openOutboxDatabase();
  pool = database.pool({ max: 6 });
});
afterAll(() => database.stop());
beforeEach(() => {
  count += 1;
  queueName = `mails-${count}`;
  mails = database.queue(queueName);
  sent = [];
  refuse = () => false;
  registry.tenants = tenants.map((tenant) => ({ ...tenant }));
});
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  await database.outside.query('delete from outbox_event');
});

/** An application with an outbox; its queue is BullMQ's own, and tells who sent to it. */
async function start({
  cache = false,
  ...options
}: {
  every?: number | false;
  timeout?: number;
  cache?: false | { ttl: number };
} = {}): Promise<INestApplicationContext> {
  const telling = {
    async add(name: string, data: unknown, given: { jobId: string }) {
      if (refuse(name)) throw new Error(`no ${name} today`);
      const as = database.context.tenantId;
      await mails.add(name, data, given);
      sent.push({ as, name, data, jobId: given.jobId });
      arrived();
    },
  };
  @Module({
    imports: [
      TenancyModule.forRoot({
        registry: {
          findById: async (id) => registry.tenants.find((tenant) => tenant?.id === id) ?? null,
          findBySlug: async () => null,
          list: async function* () {
            yield* registry.tenants;
          },
        },
        cache,
        sources: [fromSubdomain({ baseDomain: 'app.test' })],
      }),
      TenantOutboxModule.forRoot({ store: postgresOutbox({ pool }), queues: [queueName], ...options }),
    ],
    providers: [{ provide: `BullQueue_${queueName}`, useValue: telling }],
  })
  class Application {}
  const app = await NestFactory.createApplicationContext(Application, { logger: false, abortOnError: false });
  apps.push(app);
  return app;
}

/** Resolves once `number` events have reached the queue. */
const events = (number: number) =>
  new Promise<typeof sent>((resolve) => {
    arrived = () => sent.length >= number && resolve(sent);
    arrived();
  });

/** One transaction of `tenant`: a job, and the event about it. */
async function write(outbox: TenantOutbox, tenant: Tenant, id: number, end: 'commit' | 'rollback' = 'commit') {
  await database.context.run(tenant, async () => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query('insert into job (id, title) values ($1, $2)', [id, `job ${id}`]);
      await outbox.add(client, queueName, 'job-published', { of: tenant.slug, id });
      await client.query(end);
    } finally {
      client.release();
    }
  });
}

const rowsOutside = async () => (await database.outside.query('select * from outbox_event order by sequence')).rows;

describe('an event in the outbox', () => {
  it('reaches its queue as its own tenant, once its transaction has committed, interleaved with others', async () => {
    const outbox = (await start()).get(TenantOutbox);
    const all = Array.from({ length: 60 }, (_, i) => i);
    await Promise.all(
      all.map((i) => write(outbox, tenants[i % 3] as Tenant, 1_000 + i, i % 5 === 0 ? 'rollback' : 'commit')),
    );
    const found = await events(48);
    for (const { as, data } of found) expect(`t_${(data as { of: string }).of}`).toBe(as);
    expect(found.map(({ data }) => (data as { id: number }).id).toSorted()).toEqual(
      all.filter((i) => i % 5 !== 0).map((i) => 1_000 + i),
    );
    const jobs = await mails.getJobs();
    expect(jobs.map(({ id }) => id).toSorted()).toEqual(found.map(({ jobId }) => jobId).toSorted());
    expect(jobs.every(({ data }) => typeof (data as { id: number }).id === 'number')).toBe(true);
    await expect.poll(rowsOutside).toEqual([]);
  });

  it('does not exist when its transaction is rolled back, or ended by an error', async () => {
    const outbox = (await start()).get(TenantOutbox);
    await write(outbox, acme, 2_000, 'rollback');
    // The key is taken: nothing of this transaction stays.
    await write(outbox, globex, 2_001);
    await expect(write(outbox, globex, 2_001)).rejects.toThrow(/duplicate/);
    await events(1);
    await write(outbox, initech, 2_002);
    expect((await events(2)).map(({ as }) => as)).toEqual([globex.id, initech.id]);
    await expect.poll(rowsOutside).toEqual([]);
  });

  it('comes in the order of its tenant, whoever else writes', async () => {
    const outbox = (await start()).get(TenantOutbox);
    for (let i = 0; i < 15; i += 1) {
      await Promise.all([write(outbox, acme, 3_000 + i), write(outbox, globex, 3_000 + i)]);
    }
    const found = await events(30);
    for (const { id } of [acme, globex]) {
      const own = found.filter(({ as }) => as === id).map(({ data }) => (data as { id: number }).id);
      expect(own).toEqual(Array.from({ length: 15 }, (_, i) => 3_000 + i));
    }
  });

  it('keeps its data to the letter', async () => {
    const outbox = (await start()).get(TenantOutbox);
    const data = ['ünï', { b: 1, a: [null, true, 1e300, ''] }, '{"a":1}', "'; drop table job; --"];
    await database.context.run(acme, async () => {
      const client = await pool.connect();
      await client.query('begin');
      await outbox.add(client, queueName, "it's", data, { attempts: 3 });
      await outbox.add(client, queueName, 'nothing');
      await client.query('commit');
      client.release();
    });
    const found = await events(2);
    expect(found.map((one) => [one.name, one.data])).toEqual([
      ["it's", data],
      ['nothing', null],
    ]);
    expect((await mails.getJob(found[0]?.jobId ?? ''))?.opts.attempts).toBe(3);
  });

  it('is read by no other tenant', async () => {
    const outbox = (await start({ every: false })).get(TenantOutbox);
    await write(outbox, acme, 4_000);
    const own = await database.context.run(acme, () => pool.query('select data from outbox_event'));
    const others = await database.context.run(globex, () => pool.query('select data from outbox_event'));
    expect([own.rows.length, others.rows.length]).toEqual([1, 0]);
    await database.context.run(globex, async () => {
      await pool.query('delete from outbox_event');
      await expect(
        pool.query("insert into outbox_event select gen_random_uuid(), 't_acme', default, 'q', 'n', '{}', '{}'"),
      ).rejects.toThrow();
    });
    expect(await rowsOutside()).toHaveLength(1);
  });
});

describe('what a process has left when it ended', () => {
  /** A process of its own that is killed with -9: after the commit, or after the queue has taken the event. */
  const killed = (at: 'committed' | 'queued') =>
    new Promise<NodeJS.Signals | null | undefined>((resolve) => {
      const given = JSON.stringify({ url: database.url, superuserUrl: database.superuserUrl, queueName, at });
      execFile(process.execPath, [join(import.meta.dirname, 'killed.mjs'), given], (error) => resolve(error?.signal));
    });

  it('after the commit is delivered by the next one', async () => {
    expect(await killed('committed')).toBe('SIGKILL');
    expect((await rowsOutside()).map(({ tenant_id }) => tenant_id)).toEqual([acme.id, globex.id]);
    await start();
    const found = await events(2);
    expect(found.map(({ as }) => as).toSorted()).toEqual([acme.id, globex.id]);
    for (const { as, data } of found) expect(data).toEqual({ of: as });
    await expect.poll(rowsOutside).toEqual([]);
  });

  it('after the queue took the event is one job, with the same id', async () => {
    expect(await killed('queued')).toBe('SIGKILL');
    // Of two tenants at once, both may have come so far.
    expect(await mails.getJobCountByTypes('waiting')).toBeGreaterThan(0);
    expect(await rowsOutside()).toHaveLength(2);
    await start();
    await events(2);
    const jobs = await mails.getJobs();
    expect(jobs.map(({ data }) => (data as { of: string }).of).toSorted()).toEqual([acme.id, globex.id]);
  });
});

describe('delivery', () => {
  it('by two processes at once sends each event once, in order', async () => {
    const outbox = (await start({ every: false })).get(TenantOutbox);
    for (let i = 0; i < 40; i += 1) await write(outbox, i % 2 ? acme : globex, 5_000 + i);
    await Promise.all([start({ every: 50 }), start({ every: 50 }), start({ every: 50 })]);
    await events(40);
    await expect.poll(rowsOutside).toEqual([]);
    expect(sent).toHaveLength(40);
    for (const { id } of [acme, globex]) {
      const own = sent.filter(({ as }) => as === id).map(({ data }) => (data as { id: number }).id);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  });

  it('that fails keeps the event, lets the others by, and is tried again', async () => {
    refuse = (name) => name === 'bad';
    // In time of its own, not with the next round.
    const app = await start({ every: 600_000 });
    const outbox = app.get(TenantOutbox);
    await database.context.run(acme, async () => {
      const client = await pool.connect();
      await client.query('begin');
      for (const name of ['bad', 'good', 'better']) await outbox.add(client, queueName, name, {});
      await client.query('commit');
      client.release();
    });
    expect((await events(2)).map(({ name }) => name)).toEqual(['good', 'better']);
    await expect
      .poll(rowsOutside)
      .toEqual([expect.objectContaining({ name: 'bad', attempts: 1, failure: 'no bad today' })]);
    refuse = () => false;
    expect((await events(3)).map(({ name }) => name)).toEqual(['good', 'better', 'bad']);
  });

  it('waits for a suspended tenant, and holds nobody else up', async () => {
    // With no round under way: one that has looked a tenant up before goes on.
    const outbox = (await start({ every: 600_000 })).get(TenantOutbox);
    await write(outbox, acme, 6_000);
    await events(1);
    registry.tenants = registry.tenants.map((one) => (one.id === acme.id ? { ...one, status: 'suspended' } : one));
    await write(outbox, acme, 6_001);
    await write(outbox, globex, 6_001);
    expect((await events(2)).map(({ as }) => as)).toEqual([acme.id, globex.id]);
    await write(outbox, globex, 6_002);
    expect((await events(3)).map(({ as }) => as)).toEqual([acme.id, globex.id, globex.id]);
    await expect.poll(async () => (await rowsOutside()).map(({ tenant_id }) => tenant_id)).toEqual([acme.id]);
    registry.tenants = tenants.map((tenant) => ({ ...tenant }));
    await write(outbox, acme, 6_003);
    const own = (await events(5)).filter(({ as }) => as === acme.id).map(({ data }) => (data as { id: number }).id);
    expect(own).toEqual([6_000, 6_001, 6_003]);
  });

  it.each([false, { ttl: 1_000 }] as const)(
    'goes on after an entry of the registry that is no tenant, with `cache: %j`',
    async (cache) => {
      const outbox = (await start({ every: false })).get(TenantOutbox);
      await write(outbox, acme, cache ? 7_001 : 7_003);
      await write(outbox, globex, cache ? 7_002 : 7_004);
      registry.tenants = [{} as Tenant, acme, null as never, globex];
      await start({ every: 600_000, cache });
      expect((await events(2)).map(({ as }) => as).toSorted()).toEqual([acme.id, globex.id]);
    },
  );

  it('counts a queue that does not answer as failing', async () => {
    const app = await start({ every: 50, timeout: 30 });
    let hangs = true;
    const queue = app.get(`BullQueue_${queueName}`);
    const { add } = queue;
    queue.add = (...args: unknown[]) => (hangs ? new Promise(() => {}) : add.apply(queue, args));
    await write(app.get(TenantOutbox), acme, 7_000);
    await expect
      .poll(async () => (await rowsOutside())[0]?.failure)
      .toBe(`The queue ${queueName} did not answer in time.`);
    hangs = false;
    expect(await events(1)).toHaveLength(1);
  });
});

describe('refused', () => {
  it('outside any tenant', async () => {
    const outbox = (await start()).get(TenantOutbox);
    await expect(outbox.add({}, queueName, 'x')).rejects.toMatchObject({ code: 'tenant_context_missing' });
  });

  it('beside a transaction, which might be rolled back', async () => {
    const outbox = (await start()).get(TenantOutbox);
    await database.context.run(acme, async () => {
      const client = await pool.connect();
      const wrong = [undefined, null, 'tx', {}, pool, { $executeRawUnsafe: () => {}, $connect: () => {} }];
      for (const one of [...wrong, client]) {
        await expect(outbox.add(one, queueName, 'x')).rejects.toThrow(/TenantOutbox\.add: is given/);
      }
      client.release();
    });
    expect(await rowsOutside()).toEqual([]);
  });

  it('at once, where it would be refused at every delivery', async () => {
    const outbox = (await start()).get(TenantOutbox);
    const wrong: [unknown, unknown?, unknown?][] = [
      [undefined],
      [''],
      ['x', () => {}],
      ['x', Symbol('x')],
      ['x', {}, null],
      ['x', {}, []],
      ['x', {}, { jobId: 'a:b' }],
      ['x', {}, { jobId: '' }],
      ['x', {}, { jobId: 5 }],
      ['x', {}, { repeat: { every: 1 } }],
      ['x', {}, { tenancy: 'v1.dF9nbG9iZXg' }],
      ['x', {}, { parent: { id: '1', queue: 'q' } }],
    ];
    await database.context.run(acme, async () => {
      const client = await pool.connect();
      await client.query('begin');
      for (const [name, data, options] of wrong) {
        await expect(
          outbox.add(client, queueName, name as string, data, options as Record<string, unknown>),
        ).rejects.toThrow(/TenantOutbox\.add: is given/);
      }
      // The transaction goes on.
      await outbox.add(client, queueName, 'right', null, { jobId: 'own' });
      await client.query('commit');
      client.release();
    });
    expect((await events(1)).map(({ name, jobId }) => [name, jobId])).toEqual([['right', 'own']]);
  });

  it('for a queue that nothing delivers to, and with options that mean nothing', async () => {
    const outbox = (await start()).get(TenantOutbox);
    await database.context.run(acme, () =>
      expect(outbox.add({}, 'other', 'x')).rejects.toThrow(/a queue that the module does not name/),
    );
    const raw = new pg.Pool();
    expect(() => postgresOutbox({ pool: raw })).toThrow(/no pool of `createTenantPool`/);
    await raw.end();
    const store = postgresOutbox({ pool });
    expect(() => postgresOutbox({ pool, table: 'a b' })).toThrow(/no name of a table/);
    expect(() => outboxTableSql('a; drop table job')).toThrow(/no name of a table/);
    const wrong = [
      { queues: ['a'] },
      { store, queues: [] },
      { store, queues: ['a'], every: 0 },
      { store, queues: ['a'], tiemout: 1 },
    ];
    for (const one of wrong)
      expect(() => TenantOutboxModule.forRoot(one as never), JSON.stringify(one)).toThrow(/TenantOutboxModule/);
  });

  it('at start: a queue that is not registered, a registry that cannot list', async () => {
    const build = (list: boolean) => {
      const known = new InMemoryTenantRegistry([{ id: 't_acme', slug: 'acme' }]);
      const bare = {
        findById: (id: string) => known.findById(id),
        findBySlug: (slug: string) => known.findBySlug(slug),
      };
      @Module({
        imports: [
          TenancyModule.forRoot({
            registry: list ? known : bare,
            sources: [fromSubdomain({ baseDomain: 'app.test' })],
          }),
          TenantOutboxModule.forRoot({ store: postgresOutbox({ pool }), queues: ['nowhere'] }),
        ],
      })
      class Application {}
      return NestFactory.createApplicationContext(Application, { logger: false, abortOnError: false });
    };
    await expect(build(true)).rejects.toThrow(/names the queue "nowhere", which is not registered/);
    await expect(build(false)).rejects.toThrow(/has no list\(\)/);
    expect(CachedTenantRegistry).toBeDefined();
  });
});
