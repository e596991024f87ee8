import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reading, type TenantPool } from '../../src/index.js';
import { acme } from '../database/floor-database.js';
import { openBothServers } from './both-servers.js';

let both: Awaited<ReturnType<typeof openBothServers>>;
beforeAll(async () => {
  both = await openBothServers(`create function tells() returns void language plpgsql as
      $$ begin perform pg_notify('news', 'x'); end $$;
    create function lock_of(text) returns text language sql as 'select $1'`);
});

afterAll(() => both?.stop());

/** Sends it within `reading`, in a transaction. */
const sent = (pool: TenantPool, statement: string) =>
  both.context.run(acme, () =>
    reading(async () => {
      const client = await pool.connect();
      try {
        if (!/^\s*(begin|start)/i.test(statement)) await client.query('begin');
        return (await client.query(statement)).rows;
      } finally {
        await client.query('rollback');
        client.release();
      }
    }),
  );

describe('what a replica refuses, or does for itself alone, is refused on both', () => {
  it.each([
    `notify news, 'x'`,
    `/* to all */ NOTIFY news`,
    `select pg_notify('news', 'x')`,
    `select U&"pg\\005fnotify"('news', 'x')`,
    `do $$ begin perform pg_notify('news', 'x'); end $$`,
    'begin isolation level serializable',
    'start transaction isolation /* all */ level SERIALIZABLE, read only',
    'set transaction isolation level serializable',
    `set local transaction_isolation to 'serializable'`,
    'select txid_current()',
    'select pg_catalog.pg_current_xact_id()',
    'select pg_logical_emit_message(false, $$a$$, $$b$$)',
    'select pg_current_wal_lsn()',
    'analyze job',
    'ANALYZE',
    'reindex table job',
    'cluster job using job_pkey',
    'lock table job in exclusive mode',
    'lock job',
    'select lo_create(0)',
    `select lo_from_bytea(0, 'x')`,
    `select brin_summarize_new_values('job')`,
  ])('a replica refuses it: %s', async (statement) => {
    if (!/^\s*(begin|start)/i.test(statement)) await both.raw.query('begin');
    const code = await both.raw.query(statement).catch((error) => error.code);
    await both.raw.query('rollback');
    expect(code).toMatch(/^(25006|0A000|55000|XX000)$/);
    await expect(sent(both.onReplica, statement)).rejects.toMatchObject({ code: 'statement_refused' });
    await expect(sent(both.onPrimary, statement)).rejects.toMatchObject({ code: 'statement_refused' });
  });

  it.each([
    'select pg_advisory_lock(1)',
    'select pg_try_advisory_lock(1)',
    'select pg_advisory_lock_shared(1, 2)',
    'select pg_advisory_xact_lock(1)',
    'select pg_try_advisory_xact_lock_shared(1)',
    'do $$ begin perform pg_advisory_xact_lock(1); end $$',
  ])('a lock on a replica keeps nobody out: %s', async (statement) => {
    const granted = await both.raw.query(statement);
    expect(granted.command).toMatch(/SELECT|DO/);
    await both.raw.query('select pg_advisory_unlock_all()');
    await expect(sent(both.onReplica, statement)).rejects.toMatchObject({ code: 'statement_refused' });
    await expect(sent(both.onPrimary, statement)).rejects.toMatchObject({ code: 'statement_refused' });
  });

  it.each([
    'select count(*) from job',
    `select title from job where title like '%notify%' or title = 'pg_notify(' or title = $$analyze$$`,
    'explain analyze select * from job',
    'explain (analyze, buffers) select * from job',
    'begin isolation level repeatable read',
    'begin read only',
    `select 'serializable', current_setting('transaction_isolation')`,
    'select txid_current_if_assigned(), pg_current_snapshot()',
    `select lock_of('pg_advisory_lock(1)')`,
    'select pg_advisory_unlock(1)',
    'lock table job in access share mode',
    'unlisten news',
    'select pg_export_snapshot()',
    'with cluster as (select 1 as vacuum) select vacuum as lock from cluster',
    'declare c cursor for select * from job',
  ])('an ordinary read is answered by both: %s', async (statement) => {
    await sent(both.onReplica, statement);
    await sent(both.onPrimary, statement);
  });

  it('outside of `reading` all of it is what it was', async () => {
    await both.context.run(acme, async () => {
      for (const statement of [
        `select pg_notify('news', 'x')`,
        'select pg_advisory_lock(1)',
        'select txid_current()',
      ]) {
        await both.onReplica.query(statement);
      }
    });
  });

  it('a function of your own that does so is refused by the replica alone', async () => {
    await expect(sent(both.onReplica, 'select tells()')).rejects.toMatchObject({ code: 'statement_refused' });
    expect(await sent(both.onPrimary, 'select tells()')).toHaveLength(1);
  });
});
