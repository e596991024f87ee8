import type { SqlMigration } from '@tenancy/postgres/migrations';

/** The table that the light migrations change, there before anything is measured. */
export const BEGINNING: SqlMigration = { name: '0000_job', sql: 'create table job (id int primary key, title text)' };

/** Ten that change the catalog by a line each. */
export const LIGHT: readonly SqlMigration[] = Array.from({ length: 10 }, (_, index) => ({
  name: `${String(index + 1).padStart(4, '0')}_column`,
  sql: `alter table job add column c${index} int`,
}));

/** Ten as an application has them: three tables, keys, an enum, a view, indexes. */
export const REAL: readonly SqlMigration[] = [
  `create table company (id uuid primary key default gen_random_uuid(), name text not null, created_at timestamptz not null default now())`,
  `create type stage as enum ('new', 'interview', 'offer', 'hired', 'rejected')`,
  `create table candidate (id uuid primary key default gen_random_uuid(), company_id uuid not null references company, name text not null, email text not null, unique (company_id, email))`,
  `create table application (id uuid primary key default gen_random_uuid(), candidate_id uuid not null references candidate on delete cascade, stage stage not null default 'new', created_at timestamptz not null default now())`,
  `create index application_candidate on application (candidate_id); create index application_stage on application (stage, created_at)`,
  `alter table candidate add column phone text, add column notes text not null default ''`,
  `create view open_application as select a.id, c.name, a.stage from application a join candidate c on c.id = a.candidate_id where a.stage <> 'rejected'`,
  `alter table application add constraint application_dated check (created_at > '2000-01-01')`,
  `create index candidate_name on candidate (lower(name)); alter table company add column domain text unique`,
  `alter table candidate drop column notes; insert into company (name) values ('first')`,
].map((sql, index) => ({ name: `${String(index + 1).padStart(4, '0')}_real`, sql }));
