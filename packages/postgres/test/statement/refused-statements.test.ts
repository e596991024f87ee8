import { from, to } from 'pg-copy-streams';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { areOwn, interleaved } from '../pool/interleaved.js';

const REFUSED = [
  ['COPY … TO', 'copy job to stdout'],
  ['COPY … FROM, behind a comment', '/* in */ COPY job FROM stdin'],
  ['LISTEN', 'listen news'],
  ['TRUNCATE', 'truncate job'],
  // It would take the application's own policies away, from every tenant.
  ['DROP OWNED', 'drop owned by current_user'],
  // F14: one statement of a tenant that hurts all.
  ['ALTER ROLE … SET', 'alter role current_user set row_security = off'],
  ['ALTER ROLE … PASSWORD, behind a comment', "/* mine */ Alter -- really\n Role current_user password 'x'"],
  ['ALTER USER', 'alter user current_user set search_path = pg_temp'],
  ['ALTER DATABASE', 'alter database postgres set statement_timeout = 1'],
  ['ALTER SYSTEM', "alter system set log_statement = 'all'"],
  ['pg_terminate_backend', 'select pg_terminate_backend(pid) from pg_stat_activity'],
  ['pg_cancel_backend, in quotes', 'select pg_catalog . "pg_cancel_backend" /* x */ (pid) from pg_stat_activity'],
  ['pg_terminate_backend, in escapes', 'select U&"pg\\005fterminate_backend"(pid) from pg_stat_activity'],
  ['PREPARE TRANSACTION', "prepare transaction 'mine'"],
  ['COMMIT PREPARED', "commit prepared 'theirs'"],
  ['ROLLBACK PREPARED', "rollback prepared 'theirs'"],
  ['REASSIGN OWNED', 'Reassign /* all */ OWNED by current_user to postgres'],
] as const;

describe('what cannot be bound to one tenant', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.pool({ max: 2 });
  });

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
    "select 'a;b', $$;$$; select 1",
  ])('F13: several statements in one text are refused before they are sent: %s', async (text) => {
    const client = await database.context.run(acme, () => pool.connect());
    await client.query('begin');
    for (const query of [text, { text, name: 'several' }, { text, values: [] }]) {
      await expect(client.query(query)).rejects.toEqual(refused);
    }
    // The transaction goes on.
    expect(areOwn(acme, (await client.query('select * from job')).rows)).toBe(true);
    await client.query('commit');
    client.release();
    await expect(database.context.run(acme, () => pool.query(text))).rejects.toEqual(refused);
    const { rows } = await database.context.run(globex, () => pool.query('select * from job'));
    expect(areOwn(globex, rows)).toBe(true);
  });

  it('F13: several statements that only PostgreSQL can tell are refused in the same words', async () => {
    // A string that would go on where `standard_conforming_strings` is off.
    await expect(database.context.run(acme, () => pool.query("select '\\'; select 2"))).rejects.toMatchObject({
      code: 'statement_refused',
      message: expect.stringContaining('several statements'),
      cause: expect.objectContaining({ code: '42601' }),
    });
  });

  it.each([
    ["select 'set_config(app.tenant_id)' as said", 'set_config(app.tenant_id)'],
    ["select 'alter role; x' as said;", 'alter role; x'],
    ["select 'pg_terminate_backend(1)' as said -- ; pg_terminate_backend(2)", 'pg_terminate_backend(1)'],
    ['select $$ pg_cancel_backend(1); $$ as said', ' pg_cancel_backend(1); '],
    [`with "pg_terminate_backend" as (select 'a' as said) select said from "pg_terminate_backend"`, 'a'],
    ["select E'it\\'s; here' as said", "it's; here"],
  ])('F14: what only speaks of it is sent: %s', async (text, said) => {
    expect((await database.context.run(acme, () => pool.query(text))).rows).toEqual([{ said }]);
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

  it("TRUNCATE is sent where a table is the tenant's alone", async () => {
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
