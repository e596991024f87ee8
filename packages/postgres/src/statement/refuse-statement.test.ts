import { describe, expect, it } from 'vitest';
import { refuseSeed } from '../tenants/provision/refuse-seed.js';
import { refuseStatement } from './refuse-statement.js';

/** Statements that have the words of something that is refused, and do nothing of it. */
const ORDINARY = [
  `do $$ begin if not exists (select from job) then insert into job (title) values ('a; listen to us'); end if; end $$`,
  `do $$ begin for n in 1..3 loop insert into job (title) values ('begin ' || n); end loop; end $$`,
  `update job set role = 'set app.tenant_id', settings = settings || '{"a":1}' where id = $1`,
  `insert into note (text) values ('drop owned by me; alter role x')`,
  `with moved as (update job set title = 'x' returning id) select count(*) from moved`,
  `select title, 'do not listen; copy that' as note from job order by id offset 10`,
  `explain analyze select * from job where title like '%set_config%'`,
  `select 'it''s'' fine' || E'\\n' || U&'d\\0061t'`,
];

/** Statements of a tenant's on its pool: a seed may not send them, as they are put together or set something. */
const OF_A_POOL = [
  `select set_config('app.locale', $1, true)`,
  `select query_to_xml($1, true, false, '')`,
  `do $$ begin execute 'select ' || 1; end $$`,
];

describe('ordinary statements are sent', () => {
  it.each([...ORDINARY, ...OF_A_POOL])('%s', (text) => {
    expect(refuseStatement(text, ['app.tenant_id'], false)).toBeUndefined();
  });

  it.each([...ORDINARY, 'create temp table t as select 1', 'savepoint a'])('by a seed: %s', (text) => {
    expect(refuseSeed(text, ['app.tenant_id'], false)).toBeUndefined();
  });
});

it.each([3, 12, 300])('a block in a block is read, %i deep, and each once', (depth) => {
  let text = 'listen news';
  for (let n = 0; n < depth; n += 1) text = `do $b${n}$ begin execute 'select 1'; ${text}; end $b${n}$`;
  expect(refuseStatement(text, ['app.tenant_id'], false)).toMatchObject({ code: 'statement_refused' });
});
