import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { adopt, change, dropTrigger } from '../../src/changes.js';
import { forAllTests } from '../database/for-all-tests.js';
import { openOldApplication, policiesOf, tables } from './adopt-database.js';
import { servers } from './change-database.js';

/** Ways round the policies, their end, and how they are told. */
const WAYS: readonly (readonly [string, string, RegExp])[] = [
  [
    'create view titles as select title from job; grant select on titles to public',
    'drop view titles',
    /- views: public\.titles: /,
  ],
  [
    'create materialized view counts as select company_id, count(*) from job group by 1; grant select on counts to public',
    'drop materialized view counts',
    /- \S+: public\.counts: /,
  ],
  [
    'create table job_copy as select * from job; grant select on job_copy to public',
    'drop table job_copy',
    /- table-policies: public\.job_copy: /,
  ],
  ['create table older () inherits (note); grant select on older to public', 'drop table older', /public\.older: /],
];

const TAG = [{ name: 'tag', writable: true }];

describe.each(servers)('ways round the policies of an adoption $title', (server) => {
  const database = forAllTests(() => openOldApplication(server, 500));
  const query = async (sql: string) => (await database.outside.query(sql)).rows;
  const until = (stage: 'observe' | 'enforce', shared: readonly { name: string; writable?: boolean }[] = []) =>
    adopt({
      ...{ connection: database.url, tables, type: 'bigint', maxShare: 1, until: stage },
      policies: { ...policiesOf(database), shared: [...policiesOf(database).shared, ...shared] },
    });
  const isHeld = async () =>
    (await query(`select from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace`)).length > 0;
  beforeAll(async () => {
    const { findings } = await until('observe');
    expect(findings.map(({ rule, severity }) => [rule, severity])).toEqual([['shared-writes', 'advice']]);
  });

  it.each(WAYS)('%s: is told by observe, and refuses enforce before anything is held', async (sql, back, message) => {
    await query(sql);
    const { findings } = await until('observe');
    expect(findings.some(({ severity }) => severity === 'error')).toBe(true);
    await expect(until('enforce')).rejects.toThrow(message);
    expect(await isHeld()).toBe(false);
    await query(back);
  });

  it('the role as a member of the owner refuses enforce, and a function of the owner is told', async () => {
    const [{ owner }] = await query('select current_user as owner');
    await query(`create role ${database.app}_owner; alter table job owner to ${database.app}_owner;
      grant ${database.app}_owner to ${database.app}`);
    await expect(until('enforce')).rejects.toThrow(/- table-owner: /);
    expect(await isHeld()).toBe(false);
    await query(
      `alter table job owner to ${owner}; drop owned by ${database.app}_owner; drop role ${database.app}_owner`,
    );
    await query(
      `create table tag (id int primary key); grant delete on tag to ${database.app}; alter table job add column tag int references tag on delete cascade`,
    );
    await query(`create function titles() returns setof text language sql security definer as 'select title from job'`);
    const { findings } = await until('enforce', TAG);
    expect(findings).toContainEqual(expect.objectContaining({ rule: 'security-definer', severity: 'advice' }));
    expect(findings).toContainEqual(expect.objectContaining({ rule: 'foreign-keys', subject: 'public.job' }));
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('what is taken away after all is done is told by the next call', async () => {
    await query('alter table note disable row level security');
    const { findings, changes } = await until('enforce', TAG);
    expect(changes.flatMap(({ done }) => done)).toEqual([]);
    expect(findings).toContainEqual(
      expect.objectContaining({ rule: 'table-policies', severity: 'error', subject: 'public.note' }),
    );
    await query('alter table note enable row level security');
  });

  it('without the trigger, a row of code that binds the tenant has it, and one of code that does not is refused', async () => {
    await change({ connection: database.url, change: dropTrigger({ table: { name: 'person' }, column: 'tenant_id' }) });
    const app = new pg.Client({ connectionString: database.appUrl });
    await app.connect();
    const insert = `insert into person (company_id, email) values (4, 'new@example.com')`;
    await expect(app.query(insert)).rejects.toThrow(/null value|row-level security/);
    await app.query(`set app.tenant_id = '4'`);
    const { rows } = await app.query(`${insert} returning tenant_id::int as tenant`);
    expect(rows).toEqual([{ tenant: 4 }]);
    await expect(app.query(insert.replace(`(4, '`, `(5, 'a`))).rejects.toThrow(/foreign key/);
    await app.end();
  });
});
