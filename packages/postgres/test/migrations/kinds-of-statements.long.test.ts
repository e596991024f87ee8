import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BY_OBJECT, IN_A_SCHEMA, OBJECTS_IN_A_SCHEMA } from '../../src/migrations/source/kept-in-schema.js';
import { servers } from '../database/servers.js';
import { failure, Workplace } from './workplace.js';

/** Kinds of statements that are refused over schemas; one that PostgreSQL gets later stands in no list, and is refused until somebody has looked at it. */
const REFUSED = [
  ...['AlterDatabaseRefreshColl', 'AlterDatabaseSet', 'AlterDatabase', 'AlterEventTrig', 'AlterExtensionContents'],
  ...['AlterExtension', 'AlterFdw', 'AlterForeignServer', 'AlterObjectSchema', 'AlterPublication', 'AlterRoleSet'],
  ...['AlterRole', 'AlterSubscription', 'AlterSystem', 'AlterTableMoveAll', 'AlterTableSpaceOptions'],
  ...['AlterUserMapping', 'CheckPoint', 'CreateAm', 'CreateCast', 'CreateEventTrig', 'CreateExtension', 'CreateFdw'],
  ...['CreateForeignServer', 'CreateForeignTable', 'CreatePLang', 'CreatePublication', 'CreateRole', 'CreateSchema'],
  ...['CreateSubscription', 'CreateTableSpace', 'CreateTransform', 'CreateUserMapping', 'Createdb', 'Deallocate'],
  ...['Discard', 'DropOwned', 'DropRole', 'DropSubscription', 'DropTableSpace', 'DropUserMapping', 'Dropdb', 'Execute'],
  ...['GrantRole', 'ImportForeignSchema', 'Listen', 'Load', 'Notify', 'Prepare', 'ReassignOwned', 'Transaction'],
  // Never a statement of a file.
  ...['Unlisten', 'PLAssign', 'Raw', 'SetOperation'],
].map((kind) => `${kind}Stmt`);

const OUTSIDE_OF_SCHEMAS = [
  ...['ACCESS_METHOD', 'CAST', 'DATABASE', 'DEFACL', 'EVENT_TRIGGER', 'EXTENSION', 'FDW', 'FOREIGN_SERVER', 'LANGUAGE'],
  ...['LARGEOBJECT', 'PARAMETER_ACL', 'PUBLICATION', 'PUBLICATION_NAMESPACE', 'PUBLICATION_REL', 'ROLE', 'SCHEMA'],
  ...['SUBSCRIPTION', 'TABLESPACE', 'TRANSFORM', 'USER_MAPPING'],
].map((object) => `OBJECT_${object}`);

/** A file of the grammar's types, which libpg-query brings along. */
function grammar(file: string): string {
  const parser = createRequire(import.meta.url).resolve('libpg-query');
  return readFileSync(join(dirname(createRequire(parser).resolve('@pgsql/types')), file), 'utf8');
}

describe('over schemas every kind that the grammar knows is allowed, or is refused', () => {
  it('of statements', () => {
    const known = [...grammar('types.d.ts').matchAll(/export interface (\w+Stmt)\b/g)].map(([, kind]) => kind);
    expect(known.length).toBeGreaterThan(100);
    expect([...IN_A_SCHEMA, ...BY_OBJECT, ...REFUSED].toSorted()).toEqual([...new Set(known)].toSorted());
  });

  it('of objects', () => {
    const enums = grammar('enums.d.ts');
    const known = /ObjectType = ([^;]+);/.exec(enums)?.[1]?.match(/OBJECT_\w+/g) ?? [];
    expect([...OBJECTS_IN_A_SCHEMA, ...OUTSIDE_OF_SCHEMAS].toSorted()).toEqual([...known].toSorted());
  });
});

describe.each(servers)('over schemas $title', ({ url }) => {
  let place: Workplace;
  beforeEach(async () => {
    place = await Workplace.open(url);
  });
  afterEach(() => place.stop());

  it.each([
    ['everything of the connection', 'discard all;', 'connection'],
    ['a channel', 'listen news;', 'LISTEN'],
    ['a message', 'notify news;', 'NOTIFY'],
    ['a statement that stays', 'prepare planned as select 1;', 'PREPARE'],
    ['a cursor that stays', 'declare kept cursor with hold for select 1;', 'DECLARE'],
    ['a role', "create role other password 'p4ss';", 'CREATE ROLE'],
    ['a publication', 'create publication p for all tables;', 'CREATE PUBLICATION'],
    ['a large object', "comment on large object 1 is 'x';", 'COMMENT ON'],
    ['a right to a setting', 'grant set on parameter work_mem to public;', 'GRANT SET'],
    ['a table of another server', 'create foreign table f (id int) server s;', 'CREATE FOREIGN'],
    ['a file of the server', "copy (select 1) to '/tmp/x';", 'COPY'],
    ['a program', "create table j (t text); copy j from program 'true';", 'COPY'],
    ['a table to lock', 'lock table b.job;', '"b"'],
    [
      'a rule that tells',
      'create table j (id int); create rule r as on insert to j do also notify news;',
      'CREATE RULE',
    ],
  ])('%s is refused before anything is sent, and named', async (_, sql, named) => {
    await place.file('0001_leaves.sql', sql);
    const { code, message } = await failure(place.schemas(['a']));
    expect(code).toBe('migration_refused');
    expect(message).toContain(named);
    expect(message).not.toContain('p4ss');
    expect(await place.rows(`select from pg_namespace where nspname = 'a'`)).toEqual([]);
  });

  it('what is about the own schema is run, of each kind', async () => {
    await place.file(
      '0001_ordinary.sql',
      `create table person (id int generated always as identity primary key, name text not null, note text);
       create index person_name on person (name); create view names as select name from person;
       create materialized view counted as select count(*) from person; refresh materialized view counted;
       create type mood as enum ('good'); create domain short as text check (length(value) < 9); create sequence numbers; alter sequence numbers restart 5;
       create type pair as (a int, b int); alter type pair add attribute c int; create statistics s on id, name from person;
       create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger t before insert on person for each row execute function f();
       alter table person enable row level security; create policy own on person using (name <> ''); alter policy own on person using (true);
       create policy other on person using (true); drop policy other on person; alter table person rename note to remark; alter table person rename to people;
       comment on table people is 'x'; comment on column people.name is 'x'; grant select on people to public; revoke select on people from public;
       grant execute on function f() to public; insert into people (name) values ('a'); update people set name = 'b';
       merge into people p using (select 1 as id) s on s.id = p.id when matched then update set name = 'c';
       with gone as (delete from people returning 1) select count(*) from gone; truncate people; analyze people; lock table people;
       do $$ begin perform 1; end $$; declare short_lived cursor for select 1; close short_lived; set local work_mem = '8MB'; explain select 1;
       alter function f() owner to current_user; drop view names; drop function f() cascade; drop type mood; drop domain short; drop sequence numbers;`,
    );
    expect(await place.schemas(['a'])).toMatchObject({ migrated: 1 });
  });
});
