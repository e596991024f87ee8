import { Query, type types } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn, interleaved } from '../pool/interleaved.js';

describe('a bound query, in every form that pg takes', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.pool({ max: 2 });
  });

  const asAcme = <T>(work: () => T) => database.context.run(acme, work);
  const titles = (rows: readonly { title?: string }[]) => rows.map(({ title }) => title);

  it.each([
    ['no values', 'select title from job order by id limit 1'],
    ['a comment first', '/* who /* nested */ */ -- what\n select title from job order by id limit 1'],
    ['a semicolon at the end', 'select title from job order by id limit 1 ; '],
    ['a bracket first', '(select title from job order by id limit 1)'],
    ['a WITH', 'with j as (select * from job order by id) select title from j limit 1'],
  ])('text with %s', async (_, text) => {
    expect(titles((await asAcme(() => pool.query(text))).rows)).toEqual(['acme job 1']);
  });

  it('empty text, and text of comments only, as pg answers them', async () => {
    for (const text of ['', '-- nothing', ';']) {
      expect(await asAcme(() => pool.query(text))).toMatchObject({ rows: [], rowCount: null });
    }
  });

  it('every signature of client.query', async () => {
    const client = await asAcme(() => pool.connect());
    const one = 'select title from job where id = $1';
    const called = (...args: unknown[]) =>
      new Promise((resolve, reject) =>
        Reflect.apply(client.query as (...all: unknown[]) => void, client, [
          ...args,
          (error: Error | null, result: { rows: { title: string }[] }) =>
            error ? reject(error) : resolve(titles(result.rows)),
        ]),
      );
    expect(titles((await client.query(one, [2])).rows)).toEqual(['acme job 2']);
    expect(titles((await client.query({ text: one, values: [2] })).rows)).toEqual(['acme job 2']);
    expect(titles((await client.query({ text: one }, [2])).rows)).toEqual(['acme job 2']);
    expect(await called(one, [2])).toEqual(['acme job 2']);
    expect(await called({ text: one }, [2])).toEqual(['acme job 2']);
    expect(await called({ text: one, values: [2] })).toEqual(['acme job 2']);
    expect(await called('select title from job where id = 2')).toEqual(['acme job 2']);
    client.release();
  });

  it('a Query with events, of which the binding causes none', async () => {
    const client = await asAcme(() => pool.connect());
    const heard: unknown[] = [];
    await new Promise<void>((resolve) => {
      client
        .query(new Query('select id from job where id <= 2 order by id'))
        .on('row', (row) => heard.push(row))
        .on('end', (result) => {
          heard.push([result.command, result.rowCount, result.fields.map(({ name }) => name)]);
          resolve();
        });
    });
    expect(heard).toEqual([{ id: 1 }, { id: 2 }, ['SELECT', 2, ['id']]]);
    client.release();
  });

  it('rowMode, types of the query, types of the pool, and binary', async () => {
    const array = await asAcme(() => pool.query({ text: 'select id, title from job where id = 1', rowMode: 'array' }));
    expect(array.rows).toEqual([[1, 'acme job 1']]);
    const shout = { getTypeParser: () => (text: string | Buffer) => `${text}!` } as unknown as typeof types;
    expect((await asAcme(() => pool.query({ text: 'select id from job where id = 1', types: shout }))).rows).toEqual([
      { id: '1!' },
    ]);
    const typed = database.pool({ types: shout });
    expect((await asAcme(() => typed.query('select id from job where id = 1'))).rows).toEqual([{ id: '1!' }]);
    const binary = { text: 'select id from job where id = $1', values: [1], binary: true };
    expect((await asAcme(() => pool.query(binary))).rows).toEqual([{ id: 1 }]);
  });

  it('writes: INSERT … RETURNING, UPDATE, DELETE, and EXPLAIN', async () => {
    const inserted = await asAcme(() => pool.query("insert into job (id, title) values (77, 'new') returning *"));
    expect(inserted.rows).toEqual([{ tenant_id: acme.id, id: 77, title: 'new' }]);
    expect((await asAcme(() => pool.query("update job set title = 'x' where id = 77"))).rowCount).toBe(1);
    expect((await asAcme(() => pool.query('delete from job where id = $1', [77]))).rowCount).toBe(1);
    const plan = await asAcme(() => pool.query('explain select * from job'));
    expect(JSON.stringify(plan.rows)).toContain('tenant_id');
  });

  it('results that span many packets', async () => {
    const { rows } = await asAcme(() => pool.query("select tenant_id, repeat('x', 1000000) as big from job"));
    expect(areOwn(acme, rows)).toBe(true);
    expect(rows.every(({ big }) => big.length === 1_000_000)).toBe(true);
    const sent = await asAcme(() => pool.query('select length($1) as length', ['y'.repeat(3_000_000)]));
    expect(sent.rows).toEqual([{ length: 3_000_000 }]);
  });

  it('queries sent while another runs on the same client', async () => {
    const client = await asAcme(() => pool.connect());
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => client.query('select title from job where id = $1', [index + 1])),
    );
    expect(answers.flatMap(({ rows }) => titles(rows))).toEqual(
      Array.from({ length: 10 }, (_, index) => `acme job ${index + 1}`),
    );
    client.release();
  });

  it("the option `rows`: all of them come, portal by portal, also by a portal's name", async () => {
    const client = await asAcme(() => pool.connect());
    for (const portal of ['', 'mine']) {
      const { rows } = await client.query({ text: 'select * from job', rows: 3, portal } as never);
      expect(areOwn(acme, rows)).toBe(true);
    }
    client.release();
    expect(pool.idleCount).toBe(pool.totalCount);
  });

  it('values that cannot be sent: the caller gets the error, and the client goes on', async () => {
    const client = await asAcme(() => pool.connect());
    const thrower = {
      toPostgres: () => {
        throw new Error('no such value');
      },
    };
    await expect(client.query('select $1', [thrower])).rejects.toThrow('no such value');
    await expect(client.query({ name: 'n', text: 'select $1', values: [thrower] })).rejects.toThrow('no such value');
    await expect(client.query('select $1', 'not an array' as never)).rejects.toThrow('must be an array');
    expect(areOwn(acme, (await client.query('select * from job')).rows)).toBe(true);
    client.release();
  });

  it('an error, and then the next query of the same client', async () => {
    const client = await asAcme(() => pool.connect());
    await expect(client.query('select * from nowhere')).rejects.toMatchObject({ code: '42P01' });
    await expect(client.query('select 1 / (id - id) from job')).rejects.toMatchObject({ code: '22012' });
    await expect(client.query('select $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' });
    expect(areOwn(acme, (await client.query('select * from job')).rows)).toBe(true);
    client.release();
  });

  it('twin: all of it at once, for three tenants', async () => {
    let wrong = 0;
    const forms = [
      'select * from job',
      { text: 'select * from job where id > $1', values: [0] },
      { text: 'select * from job', rows: 4 },
      { name: 'twin', text: 'select * from job' },
      { text: "select tenant_id, repeat('x', 40000) from job" },
      'select * from nowhere',
      { text: 'select $1', values: [{ toPostgres: () => JSON.parse('{') }] },
    ];
    await interleaved(database, { callers: 21, rounds: 10 }, async (tenant, round, caller) => {
      const client = await pool.connect();
      const answers = await Promise.allSettled(
        [0, 1, 2].map((n) => client.query(forms[(round + caller + n) % 7] as never)),
      );
      for (const answer of answers) {
        if (answer.status === 'fulfilled' && !areOwn(tenant, (answer.value as { rows: [] }).rows)) wrong += 1;
      }
      client.release();
    });
    expect(wrong).toBe(0);
  });
});
