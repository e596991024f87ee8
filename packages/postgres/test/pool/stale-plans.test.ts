import { describe, expect, it } from 'vitest';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn } from './interleaved.js';

const JOBS = { name: 'jobs', text: 'select * from job where id > $1', values: [0] };

describe('O13: a column that is added under named statements', () => {
  const database = forAllTests(openFloorDatabase);
  const add = (column: string) => database.outside.query(`alter table job add ${column} int`);

  it('makes no query fail, on any of the connections, for one tenant or another', async () => {
    const pool = database.pool({ max: 4 });
    // One tenant has them all: a connection that goes to another forgets its statements.
    const together = (count: number, tenants = [acme]) =>
      Promise.all(
        Array.from({ length: count }, (_, index) => {
          const tenant = tenants[index % tenants.length] ?? acme;
          return database.context.run(tenant, async () => [tenant, (await pool.query(JOBS)).rows] as const);
        }),
      );
    await together(16);
    await add('one');
    for (const [tenant, rows] of [...(await together(16)), ...(await together(16, [acme, globex]))]) {
      expect(areOwn(tenant, rows)).toBe(true);
      expect(rows[0]).toHaveProperty('one');
    }
  });

  it('makes none fail that is called back, in the context of who asked', async () => {
    const pool = database.pool({ max: 1 });
    const ask = () =>
      database.context.run(
        acme,
        () =>
          new Promise<{ tenant: string; columns: string[] }>((resolve, reject) => {
            pool.query(JOBS, (error: Error | null, result) => {
              if (error) reject(error);
              else resolve({ tenant: database.context.tenantId, columns: result.fields.map(({ name }) => name) });
            });
          }),
      );
    await ask();
    await add('two');
    const { tenant, columns } = await ask();
    expect([tenant, columns.includes('two')]).toEqual([acme.id, true]);
  });

  it('fails once on a connection that is checked out, which nobody gets after that', async () => {
    const pool = database.pool({ max: 1 });
    await database.context.run(acme, async () => {
      const client = await pool.connect();
      await client.query(JOBS);
      await add('four');
      await expect(client.query(JOBS)).rejects.toMatchObject({ code: '0A000' });
      client.release();
      const next = await pool.connect();
      expect((await next.query(JOBS)).rows[0]).toHaveProperty('four');
      next.release();
    });
  });
});
