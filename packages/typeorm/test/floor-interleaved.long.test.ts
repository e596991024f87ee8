import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  acme,
  type FloorDatabase,
  Job,
  openFloorDatabase,
  poolOf,
  tenants,
  versions,
} from './database/floor-database.js';

const CALLERS = 45;
const CONNECTIONS = 5;

describe.each(versions)('C2: TypeORM $version, 45 callers of three tenants on 5 connections', (typeorm) => {
  let db: FloorDatabase;
  let source: DataSource;
  beforeAll(async () => {
    db = await openFloorDatabase(typeorm);
    source = await db.open({ poolSize: CONNECTIONS });
  });
  beforeEach(() => db.seed());
  afterAll(() => db.stop());

  let queries = 0;
  let wrong = 0;
  const check = (rows: readonly { readonly id: string }[], slug: string, due = 3) => {
    queries += 1;
    if (rows.length !== due || rows.some(({ id }) => !id.startsWith(`${slug}-`))) wrong += 1;
  };
  const interleaved = async (rounds: number, work: (slug: string, unique: string) => Promise<unknown>) => {
    queries = 0;
    wrong = 0;
    await Promise.all(
      Array.from({ length: CALLERS }, (_, caller) => {
        const tenant = tenants[caller % tenants.length] ?? acme;
        return db.context.run(tenant, async () => {
          for (let round = 0; round < rounds; round += 1) {
            for (let waits = Math.floor(Math.random() * 3); waits > 0; waits -= 1) await new Promise(setImmediate);
            await work(tenant.slug, `${tenant.slug}-${caller}-${round}`);
          }
        });
      }),
    );
    expect(poolOf(source).totalCount).toBeLessThanOrEqual(CONNECTIONS);
  };

  it('repositories, builders and raw SQL: 0 of 10,125 wrong', async () => {
    const jobs = source.getRepository(Job);
    await interleaved(75, async (slug) => {
      check(await jobs.find(), slug);
      check(await jobs.createQueryBuilder('job').where('1 = 1').getMany(), slug);
      check(await source.query('select id from job'), slug);
    });
    expect({ wrong, queries }).toEqual({ wrong: 0, queries: 10_125 });
  });

  it('transactions and streams: 0 of 2,025 wrong, and everything rolled back', async () => {
    await interleaved(15, async (slug, id) => {
      const work = source.transaction(async (manager) => {
        check(await manager.find(Job), slug);
        await manager.insert(Job, { id, title: id });
        check(await manager.query('select id from job'), slug, 4);
        throw new Error('changed my mind');
      });
      await work.catch(({ message }: Error) => {
        if (message !== 'changed my mind') wrong += 1;
      });
      const rows: { id: string }[] = [];
      const stream = await source.getRepository(Job).createQueryBuilder('job').select('job.id', 'id').stream();
      for await (const row of stream) rows.push(row as unknown as { id: string });
      check(rows, slug);
    });
    expect({ wrong, queries }).toEqual({ wrong: 0, queries: 2025 });
    expect((await db.outside.query('select from job')).rowCount).toBe(9);
  });
});
