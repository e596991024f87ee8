import fc from 'fast-check';
import pg from 'pg';
import { beforeAll, expect, inject, it } from 'vitest';
import type { Finding } from '../../src/doctor/diagnosis/rule.js';
import { examine } from '../../src/doctor/examine.js';
import { forAllTests } from '../database/for-all-tests.js';
import { generatedRuns } from '../database/generated-runs.js';
import { createPatient, HELD } from './patient.js';

const patient = forAllTests(() => createPatient(inject('postgresUrl')));
let admin: pg.Client;
/** By what they are for; `app` is the application's. */
let roles: Readonly<Record<Role, string>>;
let options: string;
beforeAll(async () => {
  admin = patient.admin;
  const [group, support, owner, worker] = [
    await patient.createRole(),
    await patient.createRole(),
    await patient.createRole(),
    await patient.createRole(),
  ];
  roles = { app: patient.role, group, support, owner, worker };
  const { rows } = await admin.query('show server_version_num');
  // Before PostgreSQL 16 a membership is all or nothing.
  options = Number(rows[0].server_version_num) >= 160_000 ? 'with inherit %i, set %s' : '';
});

type Role = 'app' | 'group' | 'support' | 'owner' | 'worker';
const role = fc.constantFrom<Role>('app', 'group', 'support', 'owner', 'worker');
const grantee = fc.oneof({ weight: 3, arbitrary: role }, fc.constant('public' as const));
const often = fc.integer({ min: 0, max: 4 }).map((n) => n > 0);
const condition = fc.constantFrom(HELD, HELD, HELD, 'true', `title <> ''`);

const policy = fc.record({
  permissive: often,
  command: fc.constantFrom('all', 'all', 'select', 'insert', 'update', 'delete'),
  to: fc.uniqueArray(grantee, { minLength: 1, maxLength: 2 }),
  using: condition,
  check: condition,
});
const table = fc.record({
  owner: fc.constantFrom('postgres' as const, 'owner' as const),
  enabled: often,
  forced: often,
  policies: fc.array(policy, { maxLength: 4 }),
  grants: fc.array(
    fc.record({
      to: grantee,
      rights: fc.subarray(['select', 'insert', 'update', 'delete'], { minLength: 1 }),
      column: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});
const runner = fc.record({
  over: fc.nat({ max: 1 }),
  owner: fc.constantFrom<Role | 'postgres'>('postgres', 'support', 'owner', 'worker', 'group'),
  to: fc.option(grantee),
  own: fc.boolean(),
});
const catalog = fc.record({
  memberships: fc.uniqueArray(
    fc.record({
      edge: fc.constantFrom<readonly [Role, Role]>(
        ['app', 'group'],
        ['group', 'support'],
        ['app', 'owner'],
        ['app', 'support'],
        ['worker', 'support'],
        ['group', 'owner'],
      ),
      inherit: fc.boolean(),
      set: fc.boolean(),
    }),
    { maxLength: 2, selector: ({ edge }) => edge.join() },
  ),
  tables: fc.tuple(table, table),
  view: runner,
  materialized: runner,
  definer: runner,
  /** A table in a schema of its own, and what leads to it. */
  elsewhere: fc.record({
    usage: fc.boolean(),
    to: grantee,
    grantor: fc.boolean(),
    by: fc.constantFrom<'view' | 'function' | null>('view', 'function', null),
  }),
  /** A shared table, and one that inherits from it. */
  heir: fc.record({ column: fc.boolean(), enabled: fc.boolean(), depth: fc.nat({ max: 1 }), to: grantee }),
});
type Catalog = typeof catalog extends fc.Arbitrary<infer T> ? T : never;

const named = (who: Role | 'public' | 'postgres') =>
  who === 'public' ? who : who === 'postgres' ? 'session_user' : pg.escapeIdentifier(roles[who]);

function sqlOf({ memberships, tables, view, materialized, definer, elsewhere, heir }: Catalog): string {
  const owned = (kind: string, { owner }: { owner: Role | 'postgres' }) =>
    owner === 'postgres' ? '' : `alter ${kind} owner to ${named(owner)};`;
  return [
    'drop table job, country; set local role none;',
    // IMMUTABLE, so it is called while a query is planned, after its policies were taken and before its rights are asked for.
    `create function become(name text) returns boolean language plpgsql immutable as
      $$ begin perform set_config('role', name, true); return true; end $$;`,
    ...memberships.map(
      ({ edge: [member, of], inherit, set }) =>
        `grant ${named(of)} to ${named(member)} ${options.replace('%i', String(inherit)).replace('%s', String(set))};`,
    ),
    ...tables.map(({ policies, grants, enabled, forced, ...rest }, n) =>
      [
        `create table t${n} (tenant_id text, title text); insert into t${n} values ('t_acme', 'own'), ('t_globex', 'foreign');`,
        ...policies.map(
          ({ permissive, command, to, using, check }, i) =>
            `create policy p${i} on t${n} as ${permissive ? 'permissive' : 'restrictive'} for ${command} to ${to.map(named).join(', ')}
          ${command === 'insert' ? '' : `using (${using})`} ${command === 'select' || command === 'delete' ? '' : `with check (${check})`};`,
        ),
        ...grants.map(
          ({ to, rights, column }) =>
            `grant ${rights.map((right) => (column && right !== 'delete' ? `${right} (tenant_id, title)` : right)).join(', ')} on t${n} to ${named(to)};`,
        ),
        owned(`table t${n}`, rest),
        enabled ? `alter table t${n} enable row level security;` : '',
        forced ? `alter table t${n} force row level security;` : '',
      ].join('\n'),
    ),
    `create view v with (security_invoker = ${view.own}) as select title from t${view.over}; ${owned('view v', view)}`,
    `create materialized view m as select title from t${materialized.over}; ${owned('materialized view m', materialized)}`,
    `create function f() returns setof text language sql security definer as 'select title from public.t${definer.over}';`,
    `revoke execute on function f from public; ${owned('function f', definer)}`,
    `create schema elsewhere; create table elsewhere.p (tenant_id text, title text); insert into elsewhere.p values ('t_globex', 'foreign');`,
    elsewhere.usage ? 'grant usage on schema elsewhere to public;' : '',
    elsewhere.grantor
      ? `grant select on elsewhere.p to ${named('owner')} with grant option; grant usage on schema elsewhere to ${named('owner')};
         set local role ${named('owner')}; grant select on elsewhere.p to ${named(elsewhere.to)}; reset role;
         revoke usage on schema elsewhere from ${named('owner')};`
      : `grant select on elsewhere.p to ${named(elsewhere.to)};`,
    elsewhere.by === 'view'
      ? 'create view w with (security_invoker = true) as select title from elsewhere.p; grant select on w to public;'
      : '',
    elsewhere.by === 'function'
      ? 'create function w() returns setof text language sql begin atomic select title from elsewhere.p; end;'
      : '',
    `create table parent (title text); create table middle () inherits (parent); grant select on parent to ${named(heir.to)};`,
    `create table heir (${heir.column ? 'tenant_id text' : ''}) inherits (${heir.depth ? 'middle' : 'parent'}); insert into heir (title) values ('foreign');`,
    heir.enabled ? 'alter table heir enable row level security;' : '',
    view.to ? `grant select on v to ${named(view.to)};` : '',
    materialized.to ? `grant select on m to ${named(materialized.to)};` : '',
    definer.to ? `grant execute on function f to ${named(definer.to)};` : '',
  ].join('\n');
}

/** True when a statement of t_acme's, in this role, reads or changes what is another tenant's. */
async function leaks(as: string, statement: string): Promise<boolean> {
  try {
    // In one message, of which there are many.
    const results: unknown = await admin.query(`
      savepoint attempt; ${as}; select set_config('app.tenant_id', 't_acme', true); ${statement}; rollback to savepoint attempt`);
    const { rows, rowCount, command } = (results as pg.QueryResult[])[3] as pg.QueryResult<{ readonly title: string }>;
    if (command === 'TRUNCATE' || command === 'ALTER') return true;
    if (command === 'SELECT') return rows.some(({ title }) => title === 'foreign');
    // One row is the own; none may be given to another.
    return (rowCount ?? 0) > (statement.includes('t_globex') ? 0 : 1);
  } catch {
    await admin.query('rollback to savepoint attempt');
    return false;
  }
}
async function canBecome(role: string): Promise<boolean> {
  try {
    await admin.query(`savepoint attempt; set local role ${pg.escapeIdentifier(role)}`);
    return true;
  } catch {
    return false;
  } finally {
    await admin.query('rollback to savepoint attempt');
  }
}
const ATTACKS = (table: string) => [
  `select title from ${table}`,
  `insert into ${table} (tenant_id, title) select 't_globex', 'planted'`,
  `update ${table} set title = 'defaced'`,
  `update ${table} set tenant_id = 't_globex'`,
  // A row that may not be left to another can still be taken from it.
  `update ${table} set tenant_id = 't_acme'`,
  `delete from ${table}`,
  `alter table ${table} disable row level security`,
];
async function some(attempts: readonly (readonly [as: string, statement: string])[]): Promise<boolean> {
  for (const [as, statement] of attempts) if (await leaks(as, statement)) return true;
  return false;
}

it('finds what leaks and accuses nothing that does not, in catalogs nobody wrote', async () => {
  const seen = { leaking: 0, sound: 0, elsewhere: 0, heirs: 0 };
  await fc.assert(
    fc.asyncProperty(catalog, async (made) => {
      await admin.query('begin');
      try {
        await admin.query(sqlOf(made));
        await admin.query(`set local session authorization ${named('app')}`);
        const findings: readonly Finding[] = await examine(admin, {
          setting: 'app.tenant_id',
          schemas: ['public'],
          shared: ['parent'],
          tenantColumn: 'tenant_id',
        });
        const accused = (rules: readonly string[], subject: string, schema = 'public') =>
          findings.find((finding) => rules.includes(finding.rule) && finding.subject === `${schema}.${subject}`)
            ?.message;
        // As the application itself, as each role that it can become, and planned as one of them and run as another.
        const others: string[] = [];
        for (const other of Object.values(roles)) if (await canBecome(other)) others.push(other);
        const become = (other: string) => `set local role ${pg.escapeIdentifier(other)}`;
        const anyhow = (statements: readonly string[]) =>
          some(
            ['select', ...others.map(become)].flatMap((as) =>
              ['', ...others.map((other) => ` where become('${other}')`)].flatMap((runAs) =>
                statements
                  .filter((statement) => runAs === '' || !statement.startsWith('alter'))
                  .map((statement) => [as, statement + runAs] as const),
              ),
            ),
          );
        for (const t of ['t0', 't1']) {
          const leaking = await anyhow(ATTACKS(t));
          const message = accused(['table-policies', 'table-owner'], t);
          if (leaking) expect(message, `${t} leaks`).toBeDefined();
          else expect(message, `${t} does not leak`).toBeUndefined();
          seen[leaking ? 'leaking' : 'sound'] += 1;
        }
        if (await anyhow(['select title from v']))
          expect(
            accused(['views'], 'v') ?? accused(['table-policies', 'table-owner'], `t${made.view.over}`),
          ).toBeDefined();
        if (await anyhow(['select title from m'])) expect(accused(['views'], 'm')).toBeDefined();
        const definer = accused(['security-definer'], 'f()');
        if (await anyhow(['select f() as title']))
          expect(definer ?? accused(['table-policies', 'table-owner'], `t${made.definer.over}`)).toBeDefined();
        const { usage, by } = made.elsewhere;
        const out = by === null ? [] : [by === 'view' ? 'select title from w' : 'select w() as title'];
        const reached = await anyhow(['select title from elsewhere.p', ...out]);
        if (reached) expect(accused(['table-policies'], 'p', 'elsewhere'), 'elsewhere.p leaks').toBeDefined();
        else if (!usage && by === null) expect(accused(['table-policies'], 'p', 'elsewhere')).toBeUndefined();
        seen.elsewhere += reached ? 1 : 0;
        const { column, enabled } = made.heir;
        expect(accused(['shared-descendants'], 'parent') !== undefined).toBe(column || enabled);
        seen.heirs += (column || enabled) && (await anyhow(['select title from parent'])) ? 1 : 0;
        await admin.query('reset session authorization');
        // A view that runs as its owner is taken for what it may show, whoever its owner is today.
        if (definer && made.definer.owner !== 'postgres' && !definer.includes('policy of public.v ')) {
          const as = `set local session authorization ${named(made.definer.owner)}`;
          expect(
            await some(
              [
                ...['t0', 't1'].flatMap((t) => [...ATTACKS(t), `truncate ${t}`]),
                ...['m', 'elsewhere.p'].map((other) => `select title from ${other}`),
              ].map((statement) => [as, statement]),
            ),
            'the owner sees no more',
          ).toBe(true);
        }
      } finally {
        await admin.query('rollback');
      }
    }),
    generatedRuns(40),
  );
  // Neither side was tried on nothing.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(3);
});
