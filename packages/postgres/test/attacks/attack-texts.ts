import { BLANKS, CALLERS, CARRIERS, HARM, NAMES, quoted, STRINGS } from './spellings.js';

/** A text that tries to leave its tenant, its role or its transaction, and what it tries. */
export interface Attack {
  readonly aim: Aim;
  readonly way: string;
  readonly text: string;
}

export type Aim = 'tenant' | 'role' | 'path' | 'transaction' | 'several' | 'server' | 'session' | 'write';

/** The names that attacks use. */
export interface Victim {
  readonly tenant: string;
  /** The tenant that the attacker is, which some set again at the end. */
  readonly own: string;
  readonly role: string;
}

const SETTINGS = (victim: Victim): readonly (readonly [Aim, string, string, string])[] => [
  ['tenant', 'app.tenant_id', victim.tenant, victim.own],
  ['role', 'role', 'none', victim.role],
  ['role', 'session_authorization', 'default', victim.role],
  ['path', 'search_path', 'elsewhere, pg_temp', 'public'],
];

const ENDS = [
  'commit',
  'rollback',
  'end',
  'abort',
  'commit and chain',
  'rollback and no chain',
  'begin',
  'start transaction',
  `prepare transaction 'x'`,
];

const SERVER = [
  ...[
    'copy job to stdout',
    'copy job from stdin',
    `copy (select 1) to program 'true'`,
    'listen news',
    'truncate job',
    'drop owned by current_user',
  ],
  ...[
    'reassign owned by current_user to postgres',
    'alter role current_user set row_security = off',
    'alter role all set row_security = off',
  ],
  ...[
    `alter user current_user password 'x'`,
    'alter database postgres set statement_timeout = 1',
    `alter system set log_statement = 'all'`,
  ],
  ...[
    'select pg_terminate_backend(pid) from pg_stat_activity where false',
    'select pg_cancel_backend(0)',
    `commit prepared 'x'`,
    'discard all',
  ],
  ...[
    'alter table job disable row level security',
    'drop policy tenant on job',
    'drop table job',
    'grant all on job to public',
    'create table taken (a int)',
  ],
];

const SESSION = [
  ...[
    'set statement_timeout = 4321',
    `set local lock_timeout = '3s'`,
    `set timezone = 'Asia/Tokyo'`,
    'set row_security = off',
    `set app.user_id = 'ann'`,
  ],
  ...[
    `select set_config('app.user_id', 'ann', false)`,
    'set session characteristics as transaction read only',
    'set constraints all deferred',
  ],
  ...[
    'create temp table job as select 1 as title',
    'create temp table pg_class (relname name)',
    'create temp view pg_locks as select 1 as pid',
  ],
  ...[
    'prepare mine as select 1',
    'declare held cursor with hold for select 1',
    'select pg_advisory_lock(77)',
    'create temp sequence s',
    'reset all',
  ],
  ...[
    `load 'plpgsql'`,
    'set transaction read only',
    'set local search_path = pg_temp',
    'set enable_seqscan = off',
    'unlisten *',
    'deallocate all',
    'discard temp',
  ],
  ...[`create function pg_temp.f() returns int language sql as 'select 1'`],
];

/** Every aim in every way: some two thousand texts. */
export function attackTexts(victim: Victim): readonly Attack[] {
  const found: Attack[] = [];
  const add = (aim: Aim, way: string, text: string) => found.push({ aim, way, text });
  for (const [aim, name, value, own] of SETTINGS(victim)) {
    const plain = [`set local ${name} = ${quoted(value)}`, `set session ${name} to ${quoted(value)}`, `reset ${name}`];
    const again = `set local ${name} = ${quoted(own)}`;
    for (const text of plain) {
      for (const [how, blanks] of BLANKS) add(aim, `set, ${how}`, blanks(text));
      for (const [how, carry] of CARRIERS) add(aim, `set, ${how}`, carry(text, again));
    }
    for (const [how, spell] of NAMES) add(aim, `set, ${how}`, `set local ${spell(name)} to ${quoted(value)}`);
    for (const [said, string] of STRINGS) {
      for (const [how, call] of CALLERS) {
        const called = (to: string) => `set_config(${string(name)}, ${quoted(to)}, true)`;
        add(aim, `set_config, ${said}, ${how}`, call(called(value), called(own)));
      }
    }
    for (const [how, spell] of NAMES)
      add(
        aim,
        `set_config, ${how}`,
        `select ${spell('set_config')}(${quoted(name)}, ${quoted(value)}, true), title from job`,
      );
  }
  add('role', 'SET SESSION AUTHORIZATION', 'set session authorization default');
  add('role', 'SET LOCAL SESSION AUTHORIZATION', 'set local session authorization postgres');
  for (const end of ENDS) {
    for (const [how, blanks] of BLANKS) add('transaction', how, blanks(end));
    add('transaction', 'in a block', `do $$ begin ${end}; ${HARM}; end $$`);
    add('transaction', 'executed', `do $$ begin execute ${quoted(end)}; end $$`);
    for (const text of [`select 1; ${end}`, `${end}; ${HARM}`, `select 'it\\'; ${end}; --'`, `select $$;$$; ${end}`])
      add('several', end, text);
  }
  for (const text of [...SERVER, ...SESSION]) {
    const aim = SERVER.includes(text) ? 'server' : 'session';
    for (const [how, blanks] of BLANKS) add(aim, how, blanks(text));
    add(aim, 'executed', `do $$ begin execute ${quoted(text)}; end $$`);
  }
  return found;
}
