import { from, to } from 'pg-copy-streams';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, type FloorDatabase, globex, openFloorDatabase } from '../database/floor-database.js';
import { areOwn, interleaved } from './interleaved.js';

const REFUSED = [
  ['COPY … TO', 'copy job to stdout'],
  ['COPY … FROM, behind a comment', '/* in */ COPY job FROM stdin'],
  ['LISTEN', 'listen news'],
  ['TRUNCATE', 'truncate job'],
  // It would take the application's own policies away, from every tenant.
  ['DROP OWNED', 'drop owned by current_user'],
  ['REASSIGN OWNED', 'Reassign /* all */ OWNED by current_user to postgres'],
] as const;

describe('what cannot be bound to one tenant', () => {
  let database: FloorDatabase;
  let pool: TenantPool;
  beforeAll(async () => {
    database = await openFloorDatabase();
    pool = database.pool({ max: 2 });
  });
  afterAll(() => database.stop());

  const refused = expect.objectContaining({ code: 'statement_refused' });

  it.each(REFUSED)('%s is refused, on the pool and on a client that goes on', async (_, text) => {
    await expect(database.context.run(acme, () => pool.query(text))).rejects.toEqual(refused);
    const client = await database.context.run(acme, () => pool.connect());
    await expect(client.query(text)).rejects.toEqual(refused);
    await expect(client.query({ text, name: 'named' })).rejects.toEqual(refused);
    expect(await new Promise((resolve) => client.query(text, resolve))).toEqual(refused);
    expect(areOwn(acme, (await client.query('select * from job')).rows)).toBe(true);
    client.release();
  });

  it.each([
    'select * from job; select * from job',
    "select 1; set app.tenant_id = 't_globex'; select * from job",
    'begin; select * from job; commit',
    'select * from job; copy job to stdout',
  ])('several statements in one text: %s', async (text) => {
    const client = await database.context.run(acme, () => pool.connect());
    await expect(client.query(text)).rejects.toThrow(/^(statement_refused|tenant_switch_refused)/);
    expect(areOwn(acme, (await client.query('select * from job')).rows)).toBe(true);
    client.release();
    await expect(database.context.run(acme, () => pool.query(text))).rejects.toThrow(/_refused: /);
    const { rows } = await database.context.run(globex, () => pool.query('select * from job'));
    expect(areOwn(globex, rows)).toBe(true);
  });

  it('COPY streams end with the refusal, and the client goes on', async () => {
    const client = await database.context.run(acme, () => pool.connect());
    for (const stream of [to('copy job to stdout'), from('copy job from stdin')]) {
      const ended = new Promise((resolve) => stream.on('error', resolve));
      client.query(stream);
      expect(await ended).toEqual(refused);
    }
    expect(areOwn(acme, (await client.query('select * from job')).rows)).toBe(true);
    client.release();
  });

  it('a query without text, or with a text that is none', async () => {
    const client = await database.context.run(acme, () => pool.connect());
    for (const query of [{}, { text: 7 }, null, undefined, { text: Buffer.from('copy job to stdout') }]) {
      await expect(client.query(query as never)).rejects.toEqual(refused);
    }
    client.release();
  });

  it('TRUNCATE is sent where a table is the tenant’s alone', async () => {
    const own = database.pool({
      isolation: {
        strategy: 'schema-per-tenant',
        setting: 'app.tenant_id',
        place: ({ id }) => ({ settings: [['app.tenant_id', id]], ownsTables: true }),
      },
    });
    // PostgreSQL decides: the role was not granted it.
    await expect(database.context.run(acme, () => own.query('truncate job'))).rejects.toMatchObject({ code: '42501' });
  });

  it('NOTIFY is bound, and heard outside', async () => {
    const listener = await database.outside.connect();
    await listener.query('listen news');
    const heard = new Promise((resolve) => listener.on('notification', ({ payload }) => resolve(payload)));
    await database.context.run(acme, () => pool.query("notify news, 'hello'"));
    expect(await heard).toBe('hello');
    listener.release(true);
  });

  it('twin: refusals between the queries of three tenants', async () => {
    let wrong = 0;
    await interleaved(database, { callers: 18, rounds: 8 }, async (tenant, round, caller) => {
      const client = await pool.connect();
      const [, text] = REFUSED[(round + caller) % REFUSED.length] as (typeof REFUSED)[number];
      const [answer, rows] = await Promise.allSettled([client.query(text), client.query('select * from job')]);
      if (answer.status !== 'rejected' || answer.reason.code !== 'statement_refused') wrong += 1;
      if (rows.status !== 'fulfilled' || !areOwn(tenant, rows.value.rows)) wrong += 1;
      client.release();
    });
    expect(wrong).toBe(0);
  });
});
