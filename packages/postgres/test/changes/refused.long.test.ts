import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type AddColumnOptions,
  addColumn,
  type Change,
  change,
  dropTrigger,
  isChangeError,
} from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { program, startPgBouncer, title } from '../pgbouncer/pgbouncer.js';
import { type ChangeServer, leftBehind, openChangeDatabase, servers } from './change-database.js';

const region: AddColumnOptions = { table: { name: 'job' }, column: 'region', type: 'text', value: "'eu'" };

describe.each(servers)('what cannot be done is refused $title', (server) => {
  const database = forAllTests(async () => {
    const opened = await openChangeDatabase(server);
    await opened.jobs(300);
    await opened.outside.query(`create table keyless (id int); create view listed as select * from job;
      create domain short as text check (length(value) < 3)`);
    return opened;
  });
  const owner = `owner_${randomBytes(6).toString('hex')}`;
  const as = (role: string) => {
    const url = new URL(database.url);
    url.username = role;
    url.password = 'change';
    return url.href;
  };
  const refusal = async (wanted: Change, connection = database.url) => {
    const error = await change({ connection, change: wanted }).then(
      () => 'nothing was refused',
      (thrown: unknown) => thrown,
    );
    return isChangeError(error) ? error.message : String(error);
  };
  const columns = async () =>
    (
      await database.outside.query(
        `select count(*)::int from pg_attribute where attrelid = 'job'::regclass and attnum > 0 and not attisdropped`,
      )
    ).rows[0].count;

  beforeAll(() =>
    database.outside.query(
      `create role ${owner} login password 'change'; grant create, usage on schema public to ${owner}`,
    ),
  );

  it.each<[string, Partial<AddColumnOptions>, RegExp]>([
    ['a table that is not there', { table: { name: 'jobs' } }, /change_impossible: there is no table "public"\."jobs"/],
    [
      'a schema that is not there',
      { table: { schema: 'x', name: 'job' } },
      /change_impossible: there is no table "x"\."job"/,
    ],
    ['a view', { table: { name: 'listed' } }, /change_impossible: "public"\."listed" is a view, not a table/],
    [
      'a table without a primary key',
      { table: { name: 'keyless' } },
      /change_impossible: "public"\."keyless" has no primary key/,
    ],
    ['a column that is there', { column: 'title' }, /change_impossible: .* has a column "title" already/],
    ['a type that is none', { type: 'txet' }, /change_impossible: .* type "txet" does not exist/],
    ['a type with a constraint', { type: 'text not null' }, /change_impossible: .* syntax error/],
    ['a second statement', { type: 'text; drop table job' }, /change_impossible: .*(syntax error|multiple commands)/],
    [
      'a value of another type',
      { type: 'int', value: 'title' },
      /change_impossible: .* is of type integer but expression is of type text/,
    ],
    [
      'a value over a column that is not there',
      { value: 'titel' },
      /change_impossible: .* column "titel" does not exist/,
    ],
    ['a default that is none', { default: 'nothing()' }, /change_impossible: .* function nothing\(\) does not exist/],
    [
      'NOT NULL and nothing to fill with',
      { notNull: true, value: undefined as never },
      /change_impossible: .* Give `value` or `default`/,
    ],
    [
      'a type that would write the table anew',
      { type: 'short' },
      /change_impossible: .* cannot be added without writing the whole table anew/,
    ],
  ])('%s', async (_, wrong, message) => {
    const before = await columns();
    const said = await refusal(addColumn({ ...region, ...wrong }));
    expect(said).toMatch(message);
    expect(said).toContain('Nothing was done');
    expect(await columns()).toBe(before);
    expect((await database.outside.query('select from tenancy_changes')).rowCount).toBe(0);
    expect(await leftBehind(database.outside)).toEqual([]);
  });

  it('a value that fails for a row says so, and goes on when the row is right', async () => {
    const number = addColumn({ ...region, column: 'number', type: 'int', value: `split_part(title, ' ', 2)::int` });
    await database.outside.query(`update job set title = 'job x' where id = 250`);
    expect(await refusal(number)).toMatch(
      /change_failed: .* step "backfill": a text cannot be read as the type \(SQLSTATE 22P02; .*the steps before it are done/,
    );
    await database.outside.query(`update job set title = 'job 250' where id = 250`);
    expect((await database.change({ change: number })).done).toEqual(['backfill', 'drop trigger']);
  });

  it('a trigger that is not there cannot be dropped', async () => {
    expect(await refusal(dropTrigger({ table: { name: 'job' }, column: 'number' }))).toMatch(
      /change_impossible: .* has no trigger of the change/,
    );
  });

  it('a role that does not own the table, or may not make what it needs', async () => {
    expect(await refusal(addColumn(region), database.appUrl)).toMatch(
      /change_not_permitted: .*tenancy_changes, whose statements are run, belongs to/,
    );
    expect(await refusal(addColumn(region), as(owner))).toMatch(
      /change_not_permitted: .*tenancy_changes, whose statements are run, belongs to|does not own/,
    );
  });

  it('O27: an owner under FORCE ROW LEVEL SECURITY would fill no row and hear nothing of it: it is refused, with the role that can', async () => {
    const other = await openChangeDatabase(server);
    try {
      await other.outside.query(`grant create, usage on schema public to ${owner}`);
      await other.jobs(50);
      await other.outside.query(`alter table job owner to ${owner}; alter table job enable row level security; alter table job force row level security;
        create policy tenant on job using (title = current_setting('app.tenant_id', true))`);
      const url = new URL(other.url);
      url.username = owner;
      url.password = 'change';
      // PostgreSQL says nothing.
      const client = new pg.Client({ connectionString: url.href });
      await client.connect();
      expect((await client.query('update job set touched = 1')).rowCount).toBe(0);
      await client.end();
      const said = await refusal(addColumn(region), url.href);
      expect(said).toMatch(
        /change_not_permitted: the role owner_\w+ is held by the row-level security of "public"\."job".*BYPASSRLS/,
      );
      expect(
        (await other.outside.query(`select from pg_attribute where attrelid = 'job'::regclass and attname = 'region'`))
          .rowCount,
      ).toBe(0);
      // Without FORCE the owner sees all, and with BYPASSRLS so does it with FORCE.
      await other.outside.query(`alter role ${owner} bypassrls`);
      await change({ connection: url.href, change: addColumn({ ...region, notNull: true }) });
      expect((await other.outside.query(`select from job where region = 'eu'`)).rowCount).toBe(50);
      // A policy that comes while it runs is an error as well, and no silence.
      await other.outside.query(`alter role ${owner} nobypassrls; alter table job no force row level security`);
      const late = change({
        connection: url.href,
        change: addColumn({ ...region, column: 'late' }),
        maxShare: 0.001,
        onProgress: ({ state }) =>
          state === 'filling' && void other.outside.query('alter table job force row level security'),
      });
      await expect(late).rejects.toThrow(/query would be affected by row-level security policy/);
    } finally {
      await other.stop();
      await database.outside.query(`drop owned by ${owner}; drop role ${owner}`);
    }
  });
});

describe.skipIf(!program)(title, () => {
  const database = forAllTests(() => openChangeDatabase(servers[0] as ChangeServer));

  it.each(['transaction', 'session'] as const)(
    'O17: a pooler in %s mode is noticed, and nothing is done',
    async (mode) => {
      await database.outside.query('create table if not exists job (id int primary key)');
      const bouncer = await startPgBouncer(database.url, mode, 4);
      try {
        const error = await change({ connection: bouncer.url, change: addColumn(region) }).catch(
          (thrown: unknown) => thrown,
        );
        expect(String(error)).toMatch(/pooler_in_between: .*Pass the server's own address/);
        const { rows } = await database.outside.query(
          `select attname from pg_attribute where attrelid = 'job'::regclass and attnum > 0`,
        );
        expect(rows).toEqual([{ attname: 'id' }]);
      } finally {
        await bouncer.stop();
      }
    },
  );
});
