import { describe, expect, it } from 'vitest';
import { firstWord, type StatementKind, statementKind } from './statement-kind.js';

const KINDS: Record<StatementKind, readonly string[]> = {
  control: [
    'BEGIN',
    'begin isolation level serializable',
    'start transaction read only',
    'COMMIT',
    'commit and chain',
    'end',
    'abort',
    'ROLLBACK',
    'rollback to savepoint a',
    'savepoint a',
    'release savepoint a',
    'lock table job',
    'set transaction isolation level repeatable read',
    'SET LOCAL timezone = utc',
    'set /* for now */ local timezone = utc',
    'set constraints all deferred',
    '/* a */ -- b\n ; begin',
  ],
  bound: [
    '',
    '   ',
    ';',
    '-- only a comment',
    '/* never ends',
    'select 1',
    'SELECT\n1',
    '(select 1)',
    '((select 1) union select 2)',
    '/* one /* two */ still one */ select 1',
    '/**/select 1',
    '/*/*/ */*/select 1',
    '/***/ select 1',
    '-- begin\rselect 1',
    '-- begin\n-- commit\r\n\tselect 1',
    'insert into job values (1)',
    'update job set title = $1',
    'delete from job',
    'merge into job using j on true when matched then delete',
    'with a as (select 1) select * from a',
    'values (1)',
    'table job',
    'show timezone',
    'fetch 1 from c',
    'move 1 from c',
    'close c',
    "notify news, 'x'",
    "select set_config('a.b', $1, true)",
    "select set_config('a', 'b', TRUE), set_config ( 'c', lower('D'), true )",
    'select pg_advisory_xact_lock(1)',
    'select pg_try_advisory_xact_lock(1)',
  ],
  stateful: [
    'set timezone = utc',
    'set session timezone = utc',
    'set',
    'reset all',
    'prepare a as select 1',
    'deallocate all',
    'discard plans',
    'declare c cursor for select 1',
    'create temp table t (id int)',
    'do $$ begin end $$',
    'call p()',
    'explain analyze create temp table t as select 1',
    'vacuum',
    'unlisten *',
    'what is this',
    '"select" 1',
    '\ufeffselect 1',
    '\u00a0select 1',
    '/* begin */ what',
    "select set_config('a', 'b', false)",
    "select set_config('a', 'b', $1)",
    "select set_config('a', 'b', true), set_config('a', 'b', false)",
    "SELECT SET_CONFIG('a', 'b', 'f')",
    'select pg_advisory_lock(1)',
    'select pg_try_advisory_lock_shared(1)',
    'select setseed(0.5)',
    'select U&"pg\\005fadvisory_lock"(43)',
    `select u&"set!005fconfig" uescape '!' ('a', 'b', false)`,
  ],
  lasting: ["load 'auto_explain'", "select dblink_connect('mine', 'dbname=app')", 'select U&"dblink\\005fconnect"(1)'],
  copy: ['copy job to stdout', 'COPY job FROM STDIN', '/* a */copy(select 1) to stdout'],
  listen: ['listen news', 'LISTEN "news"'],
  truncate: ['truncate job', '-- all of it\nTRUNCATE job'],
};

describe('statementKind', () => {
  for (const [kind, texts] of Object.entries(KINDS)) {
    it.each(texts)(`${kind}: %s`, (text) => {
      expect(statementKind(text)).toBe(kind);
      // The second time it is remembered.
      expect(statementKind(text)).toBe(kind);
    });
  }

  it('does not take the kind of the text before', () => {
    expect(['begin', 'select 1', 'begin', 'copy a to stdout'].map(statementKind)).toEqual([
      'control',
      'bound',
      'control',
      'copy',
    ]);
  });

  it('reads a long text once, not once for each of its characters', () => {
    const long = `${'/*'.repeat(50_000)}${'*/'.repeat(50_000)} ${'('.repeat(50_000)}select set_config(${', '.repeat(100_000)}`;
    expect(statementKind(long)).toBe('stateful');
  });
});

describe('firstWord', () => {
  it.each([
    ['  Select 1', 'select'],
    ['/* x */ SET a', 'set'],
    ['1', ''],
    ['', ''],
  ])('%j', (text, word) => {
    expect(firstWord(text)).toBe(word);
  });
});
