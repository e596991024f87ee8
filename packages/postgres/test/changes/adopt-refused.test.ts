import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { type AdoptedTable, type AdoptOptions, adopt } from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { openOldApplication, policiesOf, tables } from './adopt-database.js';
import { leftBehind, servers } from './change-database.js';

describe.each(servers)('what cannot be adopted is refused before the first step $title', (server) => {
  const database = forAllTests(() => openOldApplication(server, 500));
  const query = async (sql: string) => (await database.outside.query(sql)).rows;
  const refusal = (options: Partial<AdoptOptions> = {}) =>
    adopt({ connection: database.url, tables, type: 'bigint', until: 'keys', ...options }).then(
      () => 'nothing was refused',
      (error: Error) => error.message,
    );
  /** The list, with one table in another way. */
  const but = (name: string, other: Omit<AdoptedTable, 'name'>) =>
    tables.map((table) => (table.name === name ? { name, ...other } : table));
  const undone = async (sql: string, work: () => Promise<void>, back: string) => {
    await query(sql);
    try {
      await work();
    } finally {
      await query(back);
    }
  };

  beforeEach(() => async () => {
    expect(await leftBehind(database.outside).catch((error: Error) => error.message)).toEqual(
      // Nothing was begun, so there is not even the record.
      'relation "public.tenancy_changes" does not exist',
    );
    expect(await query(`select from pg_attribute where attname = 'tenant_id'`)).toEqual([]);
  });

  it('a table without a primary key, and one that is not there', async () => {
    expect(await refusal({ tables: [...tables, { name: 'touched', value: '1' }] })).toMatch(
      /change_impossible: "public"\."touched" has no primary key/,
    );
    expect(await refusal({ tables: [{ name: 'firm', value: 'id' }] })).toMatch(/change_impossible: there is no table/);
  });

  it('a rule that gives NULL: it says for how many rows, and shows none', async () => {
    const wrong = but('person', { value: `nullif(company_id, 3)` });
    expect(await refusal({ tables: wrong, until: 'expand' })).toMatch(
      /change_impossible: the rule of "public"\."person" gives no tenant for 20 of its rows\. Nothing was done/,
    );
    // Through a table whose rule gives none, and through a column that refers to nothing.
    expect(await refusal({ tables: but('company', { value: 'nullif(id, 3)' }), until: 'expand' })).toMatch(
      /the rule of "public"\."company" gives no tenant for 1 of its rows/,
    );
    await undone(
      'update application set person_id = null where id <= 7',
      async () =>
        expect(await refusal({ tables: but('application', { through: 'person_id' }), until: 'expand' })).toMatch(
          /the rule of "public"\."application" gives no tenant for 7 of its rows/,
        ),
      'update application a set person_id = (select min(p.id) from person p join job j on j.company_id = p.company_id where j.id = a.job_id) where id <= 7',
    );
  });

  it('a rule that PostgreSQL does not take', async () => {
    expect(await refusal({ tables: but('person', { value: 'firm_id' }) })).toMatch(
      /change_impossible: .* column "firm_id" does not exist\. Nothing was done/,
    );
    expect(await refusal({ tables: but('person', { value: 'email' }) })).toMatch(
      /change_impossible: .* a text cannot be read as the type \(SQLSTATE 22P02; /,
    );
  });

  it('rows that refer to a row of another tenant, by their number', async () => {
    await undone(
      'update application set person_id = (select min(id) from person where company_id = 9) where job_id in (select id from job where company_id = 4)',
      async () => {
        const message = await refusal();
        expect(message).toMatch(
          /change_impossible: 50 rows of "public"\."application" belong to another tenant than the row of "public"\."person" that they refer to by "application_person_id_fkey"\. Nothing was done/,
        );
      },
      'update application a set person_id = (select min(p.id) from person p join job j on j.company_id = p.company_id where j.id = a.job_id)',
    );
  });

  it('a table that is not in the list and refers to one that is', async () => {
    expect(await refusal({ tables: tables.filter(({ name }) => name !== 'note') })).toMatch(
      /change_impossible: not in the list, but referring to a table in it: public\.note \(to public\.application\)\. .* Nothing was done/,
    );
  });

  it('a way through no foreign key, or to a table that comes later', async () => {
    expect(await refusal({ tables: but('person', { through: 'email' }) })).toMatch(
      /change_impossible: "public"\."person" has no foreign key on email alone to a table before it/,
    );
    expect(await refusal({ tables: tables.toReversed() })).toMatch(
      /change_impossible: "public"\."note" has no foreign key on application_id alone to a table before it/,
    );
  });

  it('a table with neither rule nor tenant column, and one whose key is its tenant column', async () => {
    expect(await refusal({ tables: but('company', {}) })).toMatch(
      /change_impossible: "public"\."company" has neither `value` nor `through`, and no column "tenant_id"/,
    );
    expect(await refusal({ tables: but('company', { tenantColumn: 'id' }) })).toMatch(
      /change_impossible: the foreign key "job_company_id_fkey" of "public"\."job" refers to "id", which is the tenant column|"person_company_id_fkey"/,
    );
  });

  it('a foreign key that would also set the tenant', async () => {
    await undone(
      'alter table job add column chief bigint references person on update set null',
      async () => expect(await refusal()).toMatch(/change_impossible: .*"job_chief_fkey" .* says ON UPDATE SET NULL/),
      'alter table job drop column chief',
    );
  });

  it('rows whose rule gives an empty text, which no session can bind', async () => {
    const wrong = but('person', { value: `case when company_id = 3 then '' else company_id::text end` });
    expect(await refusal({ tables: wrong, type: 'text', until: 'expand' })).toMatch(
      /change_impossible: the rule of "public"\."person" gives no tenant for 20 of its rows/,
    );
  });

  it('rows that a foreign key which is NOT VALID has passed over', async () => {
    await undone(
      'alter table job add column old bigint; update job set old = 999 where id <= 3; alter table job add constraint job_old foreign key (old) references job not valid',
      async () =>
        expect(await refusal()).toMatch(
          /change_impossible: 3 rows of "public"\."job" refer by "job_old", which is NOT VALID, to no row of "public"\."job"/,
        ),
      'alter table job drop column old',
    );
  });

  it('what a later stage could not do: a name that is taken, and policies of the table', async () => {
    await undone(
      'create index note_pkey_tenant on touched (name)',
      async () =>
        expect(await refusal()).toMatch(/change_impossible: .*"public"\."note_pkey_tenant".* Rename that, or/),
      'drop index note_pkey_tenant',
    );
    const policies = policiesOf(database);
    for (const [sql, back] of [
      ['create policy everyone on note using (true)', 'drop policy everyone on note'],
      ['alter table note enable row level security', 'alter table note disable row level security'],
    ] as const) {
      await undone(
        sql,
        async () =>
          expect(await refusal({ until: 'observe', policies })).toMatch(
            /change_impossible: "public"\."note" has (policies \(everyone\)|row-level security) already/,
          ),
        back,
      );
    }
  });

  it('O31: a key WITHOUT OVERLAPS and a foreign key that is NOT ENFORCED, where PostgreSQL has them', async () => {
    const [{ version }] = await query(`select current_setting('server_version_num')::int as version`);
    const odd = [
      [
        'add column again bigint, add constraint odd foreign key (again) references company not enforced',
        /NOT ENFORCED/,
      ],
      [`add column at int4range not null default '[1,2)', add constraint odd unique (at, at without overlaps)`, /./],
    ] as const;
    for (const [sql, message] of version >= 180_000 ? odd.slice(0, 1) : []) {
      await query(`alter table person ${sql}`);
      expect(await refusal()).toMatch(message);
      await query('alter table person drop constraint odd, drop column again');
    }
  });

  it('a partitioned table', async () => {
    await undone(
      'create table visit (id bigint primary key, company_id bigint not null references company) partition by hash (id)',
      async () =>
        expect(await refusal({ tables: [...tables, { name: 'visit', through: 'company_id' }] })).toMatch(
          /change_impossible: "public"\."visit" is partitioned/,
        ),
      'drop table visit',
    );
  });

  it('O27: a role that row-level security holds, or would hold', async () => {
    const owner = `owner_${randomBytes(6).toString('hex')}`;
    const url = new URL(database.appUrl);
    url.username = owner;
    await query(`create role ${owner} login password 'change'; grant create, usage on schema public to ${owner}`);
    for (const { name } of tables) await query(`alter table ${name} owner to ${owner}`);
    const as = { connection: url.href };
    try {
      expect(await refusal({ ...as, until: 'enforce', policies: policiesOf(database) })).toMatch(
        /change_not_permitted: the role owner_\w+ would be held by the policies/,
      );
      await query('alter table job enable row level security; alter table job force row level security');
      expect(await refusal(as)).toMatch(
        /change_not_permitted: the role owner_\w+ is held by the row-level security of "public"\."job"/,
      );
      await query('alter table job no force row level security; alter table job disable row level security');
    } finally {
      for (const { name } of tables) await query(`alter table ${name} owner to current_user`);
      await query(`drop owned by ${owner}; drop role ${owner}`);
    }
  });

  it.each<[string, Partial<AdoptOptions>, RegExp]>([
    ['no stage', { until: undefined as never }, /`until` is undefined\. Use one of expand, keys, observe, enforce/],
    ['no policies', { until: 'enforce' }, /`policies` is undefined\. Pass `\{ role \}`/],
    ['a type that needs a cast', { type: 'citext' as never }, /`type` is "citext"/],
    ['no table', { tables: [] }, /`tables` is a list\. Pass a list with a table at least/],
    ['a table twice', { tables: [...tables, { name: 'job', value: '1' }] }, /"public"\."job" is named twice/],
    ['two rules', { tables: but('job', { value: '1', through: 'company_id' }) }, /has both `value` and `through`/],
    ['an unknown option', { role: 'app' } as never, /the option `role` is unknown/],
    ['an unknown option of a table', { tables: but('job', { rule: '1' } as never) }, /the option `rule` is unknown/],
    ['an unknown policy option', { policies: { rol: 'app' } as never }, /the option `rol` is unknown/],
    ['keys to be dropped before there are others', { until: 'expand', dropOldKeys: true }, /`dropOldKeys` is true/],
  ])('options: %s', async (_, wrong, message) => {
    expect(await refusal(wrong)).toMatch(/^floor_misconfigured: adopt/);
    expect(await refusal(wrong)).toMatch(message);
  });
});
