import type pg from 'pg';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Finding, rowLevelSecurity } from '../../src/index.js';
import { forAllTests } from '../database/for-all-tests.js';
import { asTenant, openPolicyDatabase } from './policy-database.js';

const db = forAllTests(() =>
  openPolicyDatabase(`
    create table job (tenant_id text not null, title text, published boolean default false);
    insert into job values ('t_acme', 'a', true), ('t_acme', 'draft', false), ('t_globex', 'g', true)`),
);
let app: pg.Client;
beforeAll(async () => {
  await db.apply({ tables: [{ name: 'job' }] });
  app = await db.login(db.roles.role);
});
beforeEach(() => db.apply({ tables: [{ name: 'job' }] }));

const verify = async (): Promise<readonly Finding[]> => (await rowLevelSecurity().verify?.(app)) ?? [];
const titles = async (tenant: string) =>
  (await asTenant(app, tenant, 'select title from job order by title')).rows.map(({ title }) => title);

describe("F12: a policy of one's own beside the compiled ones", () => {
  const own: readonly (readonly [name: string, sql: string, sees: readonly string[]])[] = [
    ['in the default form', 'using (published)', ['a', 'draft']],
    ['that lets everything through', 'using (true) with check (true)', ['a', 'draft']],
    ['for the application', 'for select to APP using (true)', ['a', 'draft']],
    ['for one command', 'for insert with check (true)', ['a', 'draft']],
    ['that takes away', 'as restrictive using (published)', ['a']],
    ['that takes away from the application', 'as restrictive for select to APP using (published)', ['a']],
  ];
  it.each(own)('%s is accepted, for it adds nothing of another tenant', async (_, sql, sees) => {
    await db.outside.query(`create policy mine on job ${sql.replace('APP', db.roles.role)}`);
    for (const [tenant, expected] of [
      ['t_acme', sees],
      ['t_globex', ['g']],
      ['t_acme', sees],
      ['t_nobody', []],
    ] as const) {
      expect(await titles(tenant)).toEqual(expected);
    }
    await expect(asTenant(app, 't_acme', `insert into job values ('t_globex', 'planted', true)`)).rejects.toThrow(
      'row-level',
    );
    await asTenant(app, 't_acme', 'delete from job');
    expect(await titles('t_globex')).toEqual(['g']);
    expect(await verify()).toEqual([]);
    await db.outside.query(`
      drop policy mine on job; truncate job;
      insert into job values ('t_acme', 'a', true), ('t_acme', 'draft', false), ('t_globex', 'g', true)`);
  });

  it('is refused where nothing restrictive holds it in one of its commands, with why and what to run', async () => {
    await db.outside.query(`
      create policy mine on job using (published);
      drop policy tenancy_isolation on job;
      create policy tenancy_isolation on job as restrictive for select to ${db.roles.role}
        using (tenant_id = nullif(current_setting('app.tenant_id', true), ''))`);
    const [finding, ...others] = await verify();
    expect(others).toEqual([]);
    expect(finding?.message).toMatch(
      /the policy mine does not ask for the setting; the policy tenancy_access lets every row through/,
    );
    expect(finding?.fix).toMatch(
      new RegExp(
        `^-- compilePolicies\\(.*"role":"${db.roles.role}","adminRole":"${db.roles.adminRole}".*\\nREVOKE ALL`,
      ),
    );
    await db.outside.query(finding?.fix ?? '');
    expect(await verify()).toEqual([]);
    expect(await titles('t_acme')).toEqual(['a', 'draft']);
    await db.outside.query('drop policy mine on job');
  });
});
