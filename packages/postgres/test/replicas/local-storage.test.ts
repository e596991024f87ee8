import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reading, type TenantPool } from '../../src/index.js';
import { acme } from '../database/floor-database.js';
import { openBothServers } from './both-servers.js';

let both: Awaited<ReturnType<typeof openBothServers>>;
beforeAll(async () => {
  both = await openBothServers(
    `grant temporary on database postgres to app;
    create table note (tenant_id text not null, words text[], at int);
    create index note_words on note using gin (words) with (fastupdate = on, gin_pending_list_limit = 4096);
    create index note_at on note using brin (at);
    alter table note enable row level security, force row level security;
    create policy tenant on note to app using (tenant_id = nullif(current_setting('app.tenant_id', true), ''));
    grant select on note to app; grant select, update on sequence number to app;
    create materialized view words as select 1 as n;
    select nextval('number');
    insert into note select tenant, array['w' || n], n from generate_series(1, 300) n, unnest(array['${acme.id}', 't_globex']) tenant;
    create function stages() returns int language plpgsql as $$ begin create temp table stage (a int); return 1; end $$`,
    { 'temporary-tables': 'off' },
  );
});

afterAll(() => both?.stop());

const read = (pool: TenantPool, statement: string) =>
  both.context.run(acme, () => reading(async () => (await pool.query(statement)).rows));

describe('what a server keeps for itself: temporary tables, sequences, lists of an index that are pending', () => {
  it.each([
    'create temp table stage (a int)',
    'create temporary table stage as select * from job',
    'select id into temp stage from job',
    'explain analyze create temp table stage as select 1',
    'explain (costs off, analyze) create temp table stage as select 1',
    'explain analyze select 1 as a into temp stage',
    'explain create temp table stage as select 1',
    'create temp sequence s',
    'create temp view v as select 1',
    'select stages()',
    `do $$ begin create temp table stage (a int); end $$`,
    `select nextval('number')`,
    `select setval('number', 1)`,
    `do $$ begin perform nextval('number'); end $$`,
    `select query_to_xml('select nextval(''number'')', true, true, '')`,
    `select gin_clean_pending_list('note_words')`,
    `do $$ begin perform gin_clean_pending_list('note_words'); end $$`,
    `select query_to_xml('select gin_clean_pending_list(''note_words'')', true, true, '')`,
    `select brin_summarize_new_values('note_at')`,
    `select brin_desummarize_range('note_at', 0)`,
    'refresh materialized view words',
    'reindex index note_words',
  ])('a standby cannot, and both say so: %s', async (statement) => {
    await expect(both.raw.query(statement)).rejects.toMatchObject({
      code: expect.stringMatching(/^(25006|55000|0A000|42501)$/),
    });
    for (const pool of [both.onReplica, both.onPrimary]) {
      await expect(read(pool, statement)).rejects.toMatchObject({
        code: 'statement_refused',
        message: expect.stringMatching(/`reading`/),
      });
    }
  });

  it.each([
    [
      'the pending list of an index, with the rows in it',
      `select count(*)::int as n from note where words @> '{w299}'`,
      [{ n: 1 }],
    ],
    // The log of a primary has a sequence some values ahead, and a standby what is in the log.
    ['the value of a sequence', 'select last_value between 1 and 33 as n from number', [{ n: true }]],
    ['a block range of an index', 'select count(*)::int as n from note where at between 10 and 12', [{ n: 3 }]],
    ['DISCARD TEMP', 'discard temp', []],
  ])('both read %s', async (_, statement, rows) => {
    for (const pool of [both.onReplica, both.onPrimary]) expect(await read(pool, statement)).toEqual(rows);
    expect((await both.raw.query(statement)).rows).toEqual(rows);
  });

  it.each([`select currval('number')`, 'select lastval()'])(
    'what a session has not drawn it is not told, in the same words on both: %s',
    async (statement) => {
      for (const pool of [both.onReplica, both.onPrimary])
        await expect(read(pool, statement)).rejects.toMatchObject({ code: '55000' });
    },
  );
});
