import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { isTenantFloorError } from '../../src/index.js';
import { formatFindings, type LintFile, type LintOptions, lintMigrations } from '../../src/lint.js';
import { lint, rulesOf } from './hiring.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

it.each(['examples/hiring-platform/migrations', 'test/consumers/application/migrations'])(
  'finds nothing in the migrations of %s',
  async (folder) => {
    const names = readdirSync(root + folder).filter((name) => name.endsWith('.sql'));
    const files = names.map((name) => ({ name, sql: readFileSync(`${root}${folder}/${name}`, 'utf8') }));
    expect(files.length).toBeGreaterThan(0);
    expect(await lintMigrations(files, { shared: ['company', 'country'] })).toEqual([]);
  },
);

it('reads what Prisma writes, with its quoted names and comments', async () => {
  const files: LintFile[] = [
    {
      name: 'migrations/20260101_init/migration.sql',
      sql: `-- CreateEnum
CREATE TYPE "Stage" AS ENUM ('APPLIED', 'HIRED');

-- CreateTable
CREATE TABLE "Job" (
    "tenantId" TEXT NOT NULL,
    "id" UUID NOT NULL,
    "Title" VARCHAR(40) NOT NULL,
    "stage" "Stage" NOT NULL DEFAULT 'APPLIED',

    CONSTRAINT "Job_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Job_tenantId_id_key" ON "Job"("tenantId", "id");
`,
    },
    {
      name: 'migrations/20260201_title/migration.sql',
      sql: '-- AlterTable\nALTER TABLE "Job" ALTER COLUMN "Title" SET DATA TYPE INTEGER USING 1;\n\n-- CreateIndex\nCREATE INDEX "Job_Title_idx" ON "Job"("Title");\n',
    },
  ];
  const findings = await lintMigrations(files, { tenantColumn: 'tenantId' });
  expect(findings).toMatchObject([
    { rule: 'changing-column-type', file: 'migrations/20260201_title/migration.sql', line: 2, column: 32 },
    {
      rule: 'require-concurrent-index-creation',
      line: 5,
      fix: 'CREATE INDEX CONCURRENTLY "Job_Title_idx" ON "Job"("Title");',
    },
  ]);
});

it('refuses a text with a character of the code 0, behind which the parser reads nothing', async () => {
  const findings = await lint('select 1;\n\0 drop table job');
  expect(findings).toMatchObject([{ rule: 'syntax', severity: 'error', line: 2 }]);
});

it.each([
  ['a column that may be NULL', 'alter table job alter slug drop not null', 'ban-drop-not-null', 'warning'],
  ['the tenant that may be NULL', 'alter table note alter tenant_id drop not null', 'ban-drop-not-null', 'error'],
  ['a policy that is not understood', 'create policy p on job using (is_admin())', 'open-policy', 'warning'],
  ['a policy that shows rows of others', 'create policy p on job using (seats > 1)', 'open-policy', 'error'],
  ['a role by custom the superuser', 'grant postgres to app', 'bypassing-role', 'warning'],
  ['a superuser of the files', 'create role boss superuser; grant boss to app', 'bypassing-role', 'error'],
])('%s: %s is the finding %s, of the severity %s', async (_, sql, rule, severity) => {
  expect((await lint(sql)).find((finding) => finding.rule === rule)?.severity).toBe(severity);
});

it('says where PostgreSQL cannot read a file, and reads the others', async () => {
  const findings = await lintMigrations([
    { name: 'a.sql', sql: "select 'ü';\n\nselec 1;" },
    { name: 'b.sql', sql: 'drop database x' },
    { name: 'c.sql', sql: '\uFEFF-- nothing' },
  ]);
  expect(findings).toMatchObject([
    { rule: 'syntax', severity: 'error', file: 'a.sql', line: 3 },
    { rule: 'ban-drop-database', file: 'b.sql', line: 1 },
  ]);
});

it('a comment with a reason silences a rule at the next statement, and at no other', async () => {
  const sql = (comment: string) =>
    `select 1; ${comment}\nalter table job drop column place;\nalter table job drop column doc;`;
  const lines = async (comment: string) => (await lint(sql(comment))).map(({ rule, line }) => [rule, line] as const);
  const both = [
    ['ban-drop-column', 2],
    ['ban-drop-column', 3],
  ];
  expect(await lines('')).toEqual(both);
  expect(await lines('-- tenancy-lint-ignore ban-drop-column: nothing reads it')).toEqual([['ban-drop-column', 3]]);
  expect(await lines('-- tenancy-lint-ignore ban-drop-table, ban-drop-column: nothing reads it')).toEqual([
    ['ban-drop-column', 3],
  ]);
  expect(await lines('-- tenancy-lint-ignore ban-drop-table: another rule')).toEqual(both);
  expect(await lines('-- tenancy-lint-ignore ban-drop-column')).toEqual([['ignore-comment', 1], ...both]);
  expect(await lines('-- tenancy-lint-ignore no-such-rule: a reason')).toEqual([['ignore-comment', 1], ...both]);
});

it('options set severities, switch rules off, and keep findings to lines and to newer files', async () => {
  const sql = 'alter table job drop column place;\nalter table job rename column doc to paper;';
  expect(
    (await lint(sql, { rules: { 'ban-drop-column': 'error', 'renaming-column': 'warn' } })).map(
      ({ severity }) => severity,
    ),
  ).toEqual(['error', 'warning']);
  expect(await rulesOf(sql, { rules: { 'ban-drop-column': 'off' } })).toEqual(['renaming-column']);
  expect(await rulesOf(sql, { lines: { '0003_change.sql': [[2, 2]] } })).toEqual(['renaming-column']);
  expect(await rulesOf(sql, { lines: {} })).toEqual([]);
  const files = [
    { name: 'old', sql: 'drop database x' },
    { name: 'new', sql: 'drop database y' },
  ];
  expect((await lintMigrations(files, { since: 'new' })).map(({ file }) => file)).toEqual(['new']);
});

it.each<[string, unknown]>([
  ['an unknown option', { tenantColum: 'x' }],
  ['an unknown rule', { rules: { 'no-such-rule': 'off' } }],
  ['a level that is none', { rules: { views: 'loud' } }],
  ['a file that was not given', { since: 'x' }],
  ['a version that is too old', { serverVersion: 14 }],
  ['a strategy that is none', { strategy: 'tables' }],
  ['a list that is none', { shared: 'company' }],
])('refuses %s', async (_, options) => {
  const error = await lintMigrations([], options as LintOptions).catch((caught: unknown) => caught);
  expect(isTenantFloorError(error, 'floor_misconfigured')).toBe(true);
});

it('writes findings for people, programs, pull requests and code scanning', async () => {
  const findings = await lint('alter table job\n  drop column place');
  expect(formatFindings(findings, 'text')).toMatch(
    /^0003_change\.sql:1:1 warning ban-drop-column\n {2}alter table job drop column place\n[\s\S]*0 errors, 1 warning, 0 pieces of advice\.\n$/,
  );
  expect(JSON.parse(formatFindings(findings, 'json'))).toEqual(findings);
  const command = formatFindings([{ ...findings[0], file: 'a,b:c%.sql' } as (typeof findings)[number]], 'github');
  expect(command).toMatch(/^::warning file=a%2Cb%3Ac%25\.sql,line=1,col=1,title=ban-drop-column::[^\n]*%0A[^\n]*\n$/);
  expect(JSON.parse(formatFindings(findings, 'sarif'))).toMatchObject({
    version: '2.1.0',
    runs: [{ results: [{ ruleId: 'ban-drop-column', level: 'warning' }] }],
  });
  expect(formatFindings([], 'text')).toBe('Nothing found.\n');
  expect(() => formatFindings([], 'xml' as 'text')).toThrow(/'sarif'/);
});
