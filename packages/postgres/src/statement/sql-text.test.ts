import { describe, expect, it } from 'vitest';
import { readSql } from './sql-text.js';

describe('readSql: several statements', () => {
  it.each([
    'select 1; select 2',
    'select 1;select 2;',
    "select ';'; select 2",
    'select $$;$$; select 2',
    'select 1; /* ; */ -- ;\n select 2',
    'begin; select 1; commit',
    "select E'it\\'s;'; select 2",
    'insert into a values (1); insert into a values (2)',
    'select (1); select 2',
    'select "a;"; select 1',
    "select 'it''s'; select 1",
    'create function f() returns int language sql as $$ select 1; select 2; $$; select 1',
  ])('are told: %s', (text) => {
    expect(readSql(text).isSeveral).toBe(true);
  });

  it.each([
    'select 1',
    'select 1;',
    'select 1 ; ; -- end ;\n /* ; ; */ ;',
    '; select 1',
    '',
    ';;',
    "select ';', 'a;b'';c'",
    `select "a;b" from ";"`,
    'select $$ a; b $$, $tag$ ; $$ ; $tag$, $1',
    "select E'a\\';b', e'\\\\', n';'",
    'select U&\'d\\0061t;a\', u&"a;b"',
    'select 1 -- ; select 2',
    'select 1 /* ; /* ; */ ; */',
    'create rule r as on insert to job do also (insert into log values (1); insert into log values (2))',
    'create function f() returns int language sql begin atomic select 1; select 2; end',
    'CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC insert into a values (1); insert into b values (2); END;',
    'do $body$ begin perform 1; perform 2; end $body$',
    // Where `standard_conforming_strings` is off this is one string, so PostgreSQL is left to say.
    "select 'it\\'; select 2 '",
    "select 'never ends; select 2",
    'select $$ never; ends',
    'select /* never; ends',
    'select "never; ends',
    "select 1 as e, ';'",
    'select a$b$c; ',
  ])('are not: %s', (text) => {
    expect(readSql(text).isSeveral).toBe(false);
  });

  it('reads a long text once', () => {
    const long = `select '${"''".repeat(500_000)}', "${'""'.repeat(500_000)}", $$${'$'.repeat(100_000)}$$, ${'('.repeat(100_000)} /*${'/*'.repeat(50_000)}`;
    expect(readSql(long).isSeveral).toBe(false);
  });
});

describe('readSql: what is called', () => {
  it.each([
    ['select pg_advisory_lock(1)', ['pg_advisory_lock']],
    ['select PG_Catalog . "pg_advisory_lock" /* a */ (1)', ['pg_advisory_lock']],
    ['select U&"pg\\005fadvisory_lock"(43)', ['pg_advisory_lock']],
    ['select u&"pg\\+00005fadvisory_lock" (43)', ['pg_advisory_lock']],
    [`select U&"pg!005fadvisory_lock" uescape '!' (43)`, ['pg_advisory_lock']],
    [`select U&"pg!005fadvisory_lock" /* x */ UESCAPE -- y\n '!'(43)`, ['pg_advisory_lock']],
    [`select 'pg_terminate_backend(1)', "pg_terminate_backend", $$pg_terminate_backend(1)$$`, []],
    ['select pg_terminate_backend from t -- pg_terminate_backend(1)', []],
  ])('%s', (text, names) => {
    expect([...readSql(text).called]).toEqual(names);
  });
});
