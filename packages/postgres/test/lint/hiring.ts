import type { LintFile, LintFinding, LintOptions } from '../../src/lint.js';
import { lintMigrations } from '../../src/lint.js';

/** The tables that are there before a migration is read: in use, and with rows. */
export const before: LintFile = {
  name: '0001_tables.sql',
  sql: `
create table company (id text primary key, name text);
create type stage as enum ('applied', 'hired');
create domain positive as int check (value > 0);
create table job (
  tenant_id text not null references company,
  id bigint not null,
  title varchar(40),
  place text,
  salary numeric(8, 2),
  stage stage,
  seats int,
  doc jsonb,
  at timestamptz(3),
  seen timestamp,
  slug text not null,
  code text constraint job_code_known check (code is not null) constraint job_code_short check (length(code) < 9),
  primary key (tenant_id, id),
  constraint job_slug unique (tenant_id, slug)
);
create table note (
  tenant_id text not null,
  id bigint generated always as identity,
  job_id bigint,
  body text,
  counted positive,
  primary key (tenant_id, id)
);
create index note_job on note (tenant_id, job_id);
create index note_body on note (tenant_id, body);
create table event (tenant_id text not null, id bigint not null, day date not null, primary key (tenant_id, id, day)) partition by range (day);
create table event_2026 partition of event for values from ('2026-01-01') to ('2027-01-01');
create table event_2027 (like event including all);
create table event_2028 (like event including all, constraint bounds check (day is not null and day >= '2028-01-01' and day < '2029-01-01'));
create materialized view job_count as select count(*) as jobs from company;
create table tag (tenant_id text not null, name text not null, colour text);
create unique index tag_name on tag (tenant_id, name);
create unique index tag_colour on tag (tenant_id, colour);
`,
};

/** Rows for those tables, where a test asks how much is read. */
export const rows = `
insert into company select 'c' || n, 'Company ' || n from generate_series(1, 10) n;
insert into job select 'c' || (n % 10 + 1), n, 'Job ' || n, 'Bern', n / 100.0, 'applied', n % 5 + 1, '{}', now(), now(), 'job-' || n, 'c' || n
  from generate_series(1, ROWS) n;
insert into note (tenant_id, job_id, body) select 'c' || (n % 10 + 1), n, 'Note ' || n from generate_series(1, ROWS) n;
insert into event_2026 select 'c1', n, '2026-05-01' from generate_series(1, ROWS) n;
insert into event_2027 select 'c1', n, '2027-05-01' from generate_series(1, ROWS) n;
insert into event_2028 select 'c1', n, '2028-05-01' from generate_series(1, ROWS) n;
insert into tag select 'c1', 'tag ' || n, 'colour ' || n from generate_series(1, ROWS) n;
`;

export const options: LintOptions = { shared: ['company'], hidden: ['job_count'] };

/** The findings of one migration over those tables, behind others. */
export async function lint(
  sql: string,
  more: LintOptions = {},
  between: readonly string[] = [],
): Promise<readonly LintFinding[]> {
  const others = between.map((text, at) => ({ name: `0002_${at}.sql`, sql: text }));
  const files = [before, ...others, { name: '0003_change.sql', sql }];
  return lintMigrations(files, { ...options, ...more, since: '0003_change.sql' });
}

/** The rules that find something in one migration. */
export async function rulesOf(sql: string, more: LintOptions = {}): Promise<readonly string[]> {
  return [...new Set((await lint(sql, more)).map(({ rule }) => rule))].toSorted();
}
