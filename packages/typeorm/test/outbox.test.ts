import { randomUUID } from 'node:crypto';
import { type OutboxEvent, outboxTableSql, postgresOutbox } from '@tenancy/core/events';
import { compilePolicies } from '@tenancy/postgres';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tenantScoped } from '../src/index.js';
import {
  acme,
  type FloorDatabase,
  globex,
  Job,
  Office,
  openFloorDatabase,
  poolOf,
  versions,
} from './database/floor-database.js';

const event = (name: string): OutboxEvent => ({ id: randomUUID(), queue: 'mails', name, data: { name }, options: {} });

describe.each(versions)('an event in a transaction of TypeORM $version', (typeorm) => {
  let db: FloorDatabase;
  const sources: (readonly [string, DataSource])[] = [];
  beforeAll(async () => {
    db = await openFloorDatabase(typeorm);
    await db.seed();
    const role = new URL(db.url).username;
    await db.outside.query(outboxTableSql());
    const tables = ['office', 'job'].map((name) => ({ name, tenantColumn: 'tenantId' }));
    await db.outside.query(compilePolicies({ role, tables: [...tables, { name: 'outbox_event' }] }).sql);
    sources.push(['on a tenant pool', await db.open({ poolSize: 4 })]);
    sources.push([
      'scoped, on a tenant pool',
      tenantScoped(await db.open({ poolSize: 4 }), { context: db.context, shared: [Office] }),
    ]);
  });
  afterAll(() => db.stop());

  it.each([0, 1])(
    'is there when it commits, gone when it is rolled back, and that of its own tenant (%i)',
    async (n) => {
      const [kind, source] = sources[n] as readonly [string, DataSource];
      const outbox = postgresOutbox({ pool: poolOf(source) });
      const write = (tenant: typeof acme, name: string, fails = false) =>
        db.context.run(tenant, () =>
          source
            .transaction(async (manager) => {
              await manager.update(Job, { id: `${tenant.slug}-job-1` }, { title: name });
              await outbox.insert(manager, event(name));
              if (fails) throw new Error('rolled back');
            })
            .catch((error: Error) => error.message),
        );
      await Promise.all([
        write(acme, `${kind} acme 1`),
        write(globex, `${kind} globex 1`),
        write(acme, `${kind} never`, true),
      ]);
      for (const tenant of [acme, globex]) {
        const seen: string[] = [];
        await db.context.run(tenant, () =>
          outbox.drain(async ({ name }) => {
            seen.push(`${name} as ${db.context.tenantId}`);
          }),
        );
        expect(seen).toEqual([`${kind} ${tenant.slug} 1 as ${tenant.id}`]);
      }
      expect((await db.outside.query('select * from outbox_event')).rows).toEqual([]);
    },
  );

  it('is refused outside of one', async () => {
    const [, source] = sources[0] as readonly [string, DataSource];
    const outbox = postgresOutbox({ pool: poolOf(source) });
    const runner = source.createQueryRunner();
    await db.context.run(acme, async () => {
      for (const outside of [source, source.manager, runner, source.getRepository(Job)]) {
        await expect(outbox.insert(outside, event('beside'))).rejects.toThrow(/TenantOutbox\.add: is given/);
      }
      await runner.release();
    });
    expect((await db.outside.query('select * from outbox_event')).rows).toEqual([]);
  });
});
