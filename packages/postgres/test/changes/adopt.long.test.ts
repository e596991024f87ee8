import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { type AdoptOptions, adopt, type ChangeProgress, dropTrigger } from '../../src/changes.js';
import { policyDrift } from '../../src/index.js';
import { forAllTests } from '../database/for-all-tests.js';
import { openOldApplication, policiesOf, tables, WRONG, whileOldCodeWrites } from './adopt-database.js';
import { servers } from './change-database.js';

describe.each(servers)('a database of one tenant becomes one of many $title', (server) => {
  const database = forAllTests(() => openOldApplication(server));
  const query = async (sql: string) => (await database.outside.query(sql)).rows;
  const adopted = (options: Omit<AdoptOptions, 'connection' | 'tables' | 'type'>) =>
    adopt({ connection: database.url, tables, type: 'bigint', maxShare: 1, ...options });
  const constraints = async (type: string) =>
    (
      await query(`select conrelid::regclass || '.' || conname as name, pg_get_constraintdef(oid) as definition, convalidated as valid
      from pg_constraint where contype = '${type}' and connamespace = 'public'::regnamespace and conname not like 'tenancy%' order by 1`)
    ).map(({ name, definition, valid }) => `${name} ${definition}${valid ? '' : ' not valid'}`);
  const refused = (sql: string) =>
    query(sql).then(
      () => 'nothing was refused',
      (error: { readonly code: string }) => error.code,
    );

  it('a dry run names every step of every stage, and changes nothing', async () => {
    const { changes, observed } = await adopted({ until: 'enforce', policies: policiesOf(database), dryRun: true });
    const sql = changes.flatMap(({ steps }) => steps.flatMap((step) => step.sql)).join('\n');
    expect(sql).toContain('alter table "public"."note" add column "tenant_id" bigint');
    expect(sql).toContain('unique using index "job_title_tenant"');
    expect(sql).toContain('ALTER POLICY tenancy_isolation ON "public"."note"');
    expect(changes.flatMap(({ done }) => done)).toEqual([]);
    expect(observed).toHaveLength(5);
    expect(await query(`select to_regclass('tenancy_changes') as made`)).toEqual([{ made: null }]);
    expect(await query(`select from pg_attribute where attname = 'tenant_id'`)).toEqual([]);
  });

  it('expand: an update of a row that is not filled yet asks the rule, and not whom the session has bound', async () => {
    const stop = new AbortController();
    const onProgress = ({ step, state }: ChangeProgress) => {
      if (step === 'backfill' && state === 'started') stop.abort();
    };
    await expect(adopted({ until: 'expand', signal: stop.signal, onProgress })).rejects.toThrow('change_interrupted');
    const client = new pg.Client({ connectionString: database.appUrl });
    await client.connect();
    await client.query(`select set_config('app.tenant_id', '7', false)`);
    const { rows } = await client.query(
      'update company set slug = slug where id = 3 returning tenant_id::int as tenant',
    );
    await client.end();
    expect(rows).toEqual([{ tenant: 3 }]);
    expect(await query('select count(*)::int from company where tenant_id is null')).toEqual([{ count: 9 }]);
  });

  it('expand: every row has its tenant, those of old code too, which notices nothing', async () => {
    const { errors, written, result } = await whileOldCodeWrites(database, () => adopted({ until: 'expand' }));
    expect(errors).toEqual([]);
    expect(written).toBeGreaterThan(10);
    expect(result.changes.map(({ name }) => name)).toEqual(
      ['company', 'person', 'job', 'application', 'note'].map((name) => `add column "public"."${name}".tenant_id`),
    );
    expect(await query(WRONG)).toEqual([]);
    expect(
      await query(
        `select attrelid::regclass::text as name from pg_attribute where attname = 'tenant_id' and attnotnull order by 1`,
      ),
    ).toEqual(['application', 'company', 'job', 'note', 'person'].map((name) => ({ name })));
  });

  it('expand: new code that binds the tenant is stamped with it', async () => {
    const client = new pg.Client({ connectionString: database.appUrl });
    await client.connect();
    await client.query(`select set_config('app.tenant_id', '7', false)`);
    const { rows } = await client.query(
      `insert into company (slug) values ('of seven') returning id::int, tenant_id::int as tenant`,
    );
    await client.end();
    expect(rows).toEqual([{ id: expect.any(Number), tenant: 7 }]);
    await query(`delete from company where id = ${rows[0].id}`);
  });

  it('O31: unique keys get a twin with the tenant, foreign keys contain it, and the old foreign keys are gone', async () => {
    // The way that does not work: the primary key cannot be swapped.
    expect(await refused('alter table company drop constraint company_pkey')).toBe('2BP01');
    const { errors, result } = await whileOldCodeWrites(database, () => adopted({ until: 'keys' }));
    expect(errors).toEqual([]);
    expect(await constraints('f')).toEqual([
      'application.application_before_id_fkey_tenant FOREIGN KEY (tenant_id, before_id) REFERENCES application(tenant_id, id) DEFERRABLE INITIALLY DEFERRED',
      'application.application_job_id_fkey_tenant FOREIGN KEY (tenant_id, job_id) REFERENCES job(tenant_id, id) ON DELETE CASCADE',
      'application.application_person_id_fkey_tenant FOREIGN KEY (tenant_id, person_id) REFERENCES person(tenant_id, id) ON DELETE SET NULL (person_id)',
      'company.company_country_fkey FOREIGN KEY (country) REFERENCES country(code)',
      'job.job_company_id_fkey_tenant FOREIGN KEY (tenant_id, company_id) REFERENCES company(tenant_id, id) ON DELETE CASCADE',
      'note.note_application_id_fkey_tenant FOREIGN KEY (tenant_id, application_id) REFERENCES application(tenant_id, id) ON DELETE CASCADE',
      'person.person_company_id_fkey_tenant FOREIGN KEY (tenant_id, company_id) REFERENCES company(tenant_id, id)',
    ]);
    expect(await constraints('u')).toEqual([
      'application.application_pkey_tenant UNIQUE (tenant_id, id)',
      'company.company_pkey_tenant UNIQUE (tenant_id, id)',
      'company.company_slug_key UNIQUE (slug)',
      'company.company_slug_key_tenant UNIQUE (tenant_id, slug)',
      'job.job_pkey_tenant UNIQUE (tenant_id, id)',
      'job.job_title UNIQUE (company_id, title)',
      'job.job_title_tenant UNIQUE (tenant_id, company_id, title)',
      'note.note_pkey_tenant UNIQUE (tenant_id, application_id, number)',
      'person.person_pkey_tenant UNIQUE (tenant_id, id)',
    ]);
    expect(await query(`select pg_get_indexdef('person_email_tenant'::regclass) as index`)).toEqual([
      {
        index:
          'CREATE UNIQUE INDEX person_email_tenant ON public.person USING btree (tenant_id, lower(email)) WHERE (NOT deleted)',
      },
    ]);
    const person = result.oldKeys.filter(({ table }) => table.name === 'person');
    expect(person.map(({ onConflict, onConflictLater }) => [onConflict, onConflictLater])).toEqual([
      ['(id)', '("tenant_id", id)'],
      ['(lower(email)) where (NOT deleted)', '("tenant_id", lower(email)) where (NOT deleted)'],
    ]);
    expect(person[1]?.message).toMatch(/fails with 42P10; write "on conflict \("tenant_id", lower\(email\)\)/);
    expect(await query(WRONG)).toEqual([]);
  });

  it('O31: a row of another tenant cannot be referred to, and the row that refers keeps its tenant when the other one goes', async () => {
    const [own] = await query('select min(id)::int as id from application where tenant_id = 5');
    expect(
      await refused(
        `update application set person_id = (select min(id) from person where tenant_id = 6) where id = ${own.id}`,
      ),
    ).toBe('23503');
    const [{ id }] = await query(
      `insert into person (company_id, email) values (5, 'five@example.com') returning id::int`,
    );
    await query(`update application set person_id = ${id} where id = ${own.id}`);
    await query(`delete from person where id = ${id}`);
    expect(await query(`select person_id, tenant_id::int from application where id = ${own.id}`)).toEqual([
      { person_id: null, tenant_id: 5 },
    ]);
  });

  it('O30: observe counts what would be hidden, and a row of another tenant than the rule says keeps policies from being enforced', async () => {
    const unheld = (sql: string) => query(`begin; set local session_replication_role = replica; ${sql}; commit`);
    await unheld(
      'update note set tenant_id = 1 where application_id in (select id from application where tenant_id = 2 order by id limit 3)',
    );
    const policies = policiesOf(database);
    const { observed } = await adopted({ until: 'observe', policies });
    expect(observed.map(({ table, withoutTenant, otherTenant }) => [table.name, withoutTenant, otherTenant])).toEqual([
      ['company', 0, 0],
      ['person', 0, 0],
      ['job', 0, 0],
      ['application', 0, 0],
      ['note', 0, 3],
    ]);
    await expect(adopted({ until: 'enforce', policies })).rejects.toThrow(
      /change_impossible: the policies would hide rows: "public"\."note" has 0 rows without a tenant and 3 with another one than its rule says/,
    );
    expect(await query('select from pg_class where relrowsecurity')).toEqual([]);
    await unheld(
      'update note n set tenant_id = a.tenant_id from application a where a.id = n.application_id and a.tenant_id <> n.tenant_id',
    );
  });

  it('O30: who is connected as another role would see no row, and is named', async () => {
    const other = `other_${database.app}`;
    await query(`create role ${other} login password 'change'; grant select on job to ${other}`);
    const url = new URL(database.appUrl);
    url.username = other;
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    await expect(adopted({ until: 'enforce', policies: policiesOf(database) })).rejects.toThrow(
      new RegExp(`change_impossible: connected, and allowed to read these tables: ${other}\\.`),
    );
    await client.end();
    await query(`drop owned by ${other}`);
    await query(`drop role ${other}`);
  });

  it('O30: enforced, a tenant sees its own rows alone, and at no moment none', async () => {
    const stop = new AbortController();
    const seen = new Set<string>();
    let polls = 0;
    const reading = [2, 3].map(async (tenant) => {
      const client = new pg.Client({ connectionString: database.appUrl });
      await client.connect();
      await client.query(`select set_config('app.tenant_id', $1, false)`, [String(tenant)]);
      while (!stop.signal.aborted) {
        for (const { name } of tables) {
          const { rows } = await client.query(
            `select count(*) filter (where tenant_id = ${tenant})::int as own, count(*) filter (where tenant_id <> ${tenant})::int as others from ${name}`,
          );
          if (rows[0].own === 0) seen.add(`${name}: none`);
          if (rows[0].others > 0) seen.add(`${name}: others`);
          polls += 1;
        }
      }
      await client.end();
    });
    const policies = policiesOf(database);
    const work = () => adopted({ until: 'enforce', policies });
    const { errors, result } = await whileOldCodeWrites(database, work, true).finally(async () => {
      await sleep(200);
      stop.abort();
      await Promise.all(reading);
    });
    expect(errors).toEqual([]);
    expect(polls).toBeGreaterThan(50);
    // Everybody's rows before, and then never none.
    expect([...seen].toSorted()).toEqual(tables.map(({ name }) => `${name}: others`).toSorted());
    expect(result.observed.every(({ withoutTenant, otherTenant }) => withoutTenant + otherTenant === 0)).toBe(true);
    const compiled = { ...policies, tables: tables.map(({ name }) => ({ name, type: 'bigint' as const })) };
    expect(await policyDrift(database.outside, compiled)).toEqual([]);

    const client = new pg.Client({ connectionString: database.appUrl });
    await client.connect();
    expect((await client.query('select from job')).rowCount).toBe(0);
    await client.query(`select set_config('app.tenant_id', '4', false)`);
    const own = await client.query('select distinct tenant_id::int from note');
    expect(own.rows).toEqual([{ tenant_id: 4 }]);
    // Old code with the setting bound goes on, and cannot write for somebody else.
    await client.query(`insert into job (company_id, title) values (4, 'after')`);
    await expect(client.query(`insert into job (tenant_id, company_id, title) values (5, 5, 'after')`)).rejects.toThrow(
      /row-level security/,
    );
    await expect(client.query(`insert into job (company_id, title) values (5, 'after')`)).rejects.toThrow(
      /job_company_id_fkey_tenant/,
    );
    await client.end();
  });

  it('O31: the old keys go when told: on conflict names them in vain then, and the primary key stays', async () => {
    const upsert = (target: string) =>
      refused(`insert into company (slug) values ('company-1') on conflict (${target}) do nothing`);
    expect(await upsert('slug')).toBe('nothing was refused');
    const { oldKeys } = await adopted({ until: 'keys', dropOldKeys: true });
    expect(oldKeys.map(({ key }) => key)).toEqual(tables.map(({ name }) => `${name}_pkey`));
    expect(await upsert('slug')).toBe('42P10');
    expect(await upsert('tenant_id, slug')).toBe('nothing was refused');
    expect(await upsert('id')).toBe('nothing was refused');
    expect(
      await query(`select from pg_class where relname in ('person_email', 'company_slug_key', 'job_title')`),
    ).toEqual([]);
  });

  it('the trigger for old code goes like that of any other column', async () => {
    const change = dropTrigger({ table: { name: 'note' }, column: 'tenant_id' });
    expect((await database.change({ change })).done).toEqual(['drop trigger']);
  });

  it('done, it does nothing any more, also where rows of other tenants than the rule says have come since', async () => {
    await query(`insert into company (slug, tenant_id) values ('later', 900001)`);
    const policies = policiesOf(database);
    const { changes, oldKeys, triggers } = await adopted({ until: 'enforce', policies, dropOldKeys: true });
    expect(changes.flatMap(({ done }) => done)).toEqual([]);
    expect(triggers.map(({ table }) => table.name)).toEqual(['company', 'person', 'job', 'application']);
    expect(oldKeys.map(({ key }) => key)).toEqual(tables.map(({ name }) => `${name}_pkey`));
    expect(await query(`select name from tenancy_changes where state <> 'done'`)).toEqual([]);
  });
});
