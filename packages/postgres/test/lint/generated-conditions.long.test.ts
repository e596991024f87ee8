import {
  createDatabase,
  type PostgresServer,
  postgresFromEnvironment,
  type TestDatabase,
} from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { narrowsToTenant } from '../../src/doctor/diagnosis/tenant-condition.js';
import { lintMigrations } from '../../src/lint.js';
import { conditions, ROWS, TABLES } from './generated-conditions.js';

const SEED = Number(process.env['LINT_SEED'] ?? 20);
const COUNT = Number(process.env['LINT_CONDITIONS'] ?? 500);

let server: PostgresServer;
let database: TestDatabase;
let unset: pg.Client;
let set: pg.Client;
let role: string;

beforeAll(async () => {
  server = await postgresFromEnvironment();
  database = await createDatabase(server.url);
  role = `lint_asks_${database.name}`.slice(0, 60);
  [unset, set] = [new pg.Client(database.url), new pg.Client(database.url)];
  await Promise.all([unset.connect(), set.connect()]);
  await set.query(`${TABLES}; ${ROWS}; create policy p on t using (false);
    create role ${role}; grant select on t, member, plain, owned to ${role};
    create function foreign_rows(tenant text) returns bigint volatile language plpgsql as $$
    begin
      return (select count(*) from t where tenant_id is not null and tenant_id is distinct from tenant);
    exception when others then return 0;
    end $$`);
});
afterAll(async () => {
  await set.query(`drop owned by ${role}; drop role ${role}`);
  await Promise.all([unset.end(), set.end()]);
  await database.stop();
  await server.stop();
});

/** True where somebody sees a row of another tenant: who has none, or an empty one, or one of two. */
async function isSeenByOthers(condition: string): Promise<boolean> {
  await set.query(`alter policy p on t using (${condition})`);
  const asked = async (client: pg.Client, settings: string, tenant: string) => {
    const answers = await client.query(
      `begin; set local role ${role}; ${settings}; select foreign_rows(${tenant})::int as rows; rollback`,
    );
    return (answers as unknown as pg.QueryResult[]).some(({ rows }) => rows[0]?.rows > 0);
  };
  // A setting that was set once in a session is empty afterwards, and no longer missing.
  if (await asked(unset, 'select 1', 'null')) return true;
  for (const tenant of ['', 'a', 'b']) {
    const claims = tenant === '' ? '' : JSON.stringify({ tenant_id: tenant, app: { tenant_id: tenant } });
    for (const flag of ['on', '']) {
      const settings = `set local app.tenant_id = '${tenant}'; set local app.claims = '${claims}'; set local app.who = 'u${tenant}'; set local app.flag = '${flag}'`;
      if (await asked(set, settings, `nullif('${tenant}', '')`)) return true;
    }
  }
  return false;
}

it('a policy is reported where it shows a row of another tenant, and left alone where it shows none', async () => {
  const counts = { foundOpen: 0, leftAlone: 0, notUnderstood: 0, notUnderstoodOfOne: 0, byCondition: 0 };
  const wrong: string[] = [];
  for (const condition of conditions(SEED, COUNT)) {
    const findings = await lintMigrations(
      [
        { name: '1.sql', sql: TABLES },
        { name: '2.sql', sql: `create policy p on t using (${condition})` },
      ],
      { policies: 'in-files', since: '2.sql', shared: ['plain', 'member'] },
    );
    const found = findings.find(({ rule }) => rule === 'open-policy');
    const isOther = findings.some(({ rule }) => rule === 'policy-condition');
    const isOpen = await isSeenByOthers(condition);
    if (isOther) counts.byCondition += 1;
    else if (!found && isOpen) wrong.push(`shows rows of others: ${condition}`);
    else if (found?.severity === 'error' && !isOpen) wrong.push(`shows none of others: ${condition}`);
    else if (found?.severity === 'error') counts.foundOpen += 1;
    else if (!found) counts.leftAlone += 1;
    else counts[isOpen ? 'notUnderstood' : 'notUnderstoodOfOne'] += 1;
    // What the doctor takes for limited, once it is in the catalogs, is left alone by the linter.
    const { rows } = await set.query(
      "select pg_get_expr(polqual, polrelid) as printed from pg_policy where polrelid = 't'::regclass",
    );
    if (narrowsToTenant(rows[0]?.printed, 'tenant_id', 'text', 'app.tenant_id') && found)
      wrong.push(`the doctor leaves it alone: ${condition}`);
  }
  if (process.env['LINT_COUNTS']) process.stdout.write(`${JSON.stringify(counts)}\n`);
  expect(wrong).toEqual([]);
  const all = Object.values(counts).reduce((sum, one) => sum + one, 0);
  expect(counts.foundOpen).toBeGreaterThan(all / 5);
  expect(counts.leftAlone).toBeGreaterThan(all / 5);
  expect(counts.notUnderstoodOfOne).toBeLessThan(all / 10);
});
