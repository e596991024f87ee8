import { doBlock, quoteIdentifier, quoteLiteral } from '../../policies/quoting.js';
import { eventTablesSql } from './event-tables.js';

/** The channel on which a change of a tenant is told, with its id. */
export const CHANNEL = 'tenancy_tenants';

/** The version that the tables are at; the comment of the schema says it. */
export const VERSION = '@tenancy directory 1';

/**
 * The SQL that makes the directory's tables in a schema of their own. It may run again, and nobody but the owner has rights on them.
 *
 * For a migration; `TenantDirectory.install()` runs the same.
 *
 * @throws TenantFloorError `floor_misconfigured` for a name that PostgreSQL would cut.
 */
export function tenantDirectorySql(schema = 'tenancy'): string {
  const s = quoteIdentifier(schema);
  return `create schema if not exists ${s};
comment on schema ${s} is ${quoteLiteral(VERSION)};
create table if not exists ${s}.tenant (
  id text collate "C" primary key check (octet_length(id) between 1 and 255),
  slug text collate "C" not null unique check (octet_length(slug) between 1 and 255),
  status text not null check (status in ('provisioning', 'active', 'suspended', 'deleting', 'deleted')),
  name text not null default '',
  plan text,
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  place jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp()
);
-- Columns of numbers and of UUIDs take several spellings for one value, and policies compare values: no two tenants are one there.
create unique index if not exists tenant_spelling on ${s}.tenant ((case
  when id ~ '^\\s*[+-]?\\d+\\s*$' then btrim(id, E' \\t\\n\\v\\f\\r')::numeric::text
  when translate(lower(id), '{}-', '') ~ '^[0-9a-f]{32}$' then translate(lower(id), '{}-', '')
  else id end));
-- Every slug that is a tenant's or was: an old one is an alias, and never another tenant's.
create table if not exists ${s}.slug (
  slug text collate "C" primary key,
  tenant_id text collate "C" not null references ${s}.tenant on delete cascade,
  since timestamptz not null default clock_timestamp()
);
create index if not exists slug_tenant_id on ${s}.slug (tenant_id);
create table if not exists ${s}.domain (
  domain text collate "C" not null,
  tenant_id text collate "C" not null references ${s}.tenant on delete cascade,
  token text not null,
  verified_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (domain, tenant_id)
);
-- Whoever only claims a domain keeps nobody else from proving that it is theirs.
create unique index if not exists domain_verified on ${s}.domain (domain) where verified_at is not null;
create index if not exists domain_tenant_id on ${s}.domain (tenant_id);
create table if not exists ${s}.event (
  id bigint generated always as identity primary key,
  tenant_id text collate "C" not null references ${s}.tenant on delete cascade,
  kind text not null,
  data jsonb not null default '{}',
  at timestamptz not null default clock_timestamp()
);
create index if not exists event_tenant_id on ${s}.event (tenant_id);
${eventTablesSql(s)}
create table if not exists ${s}.operation (
  id bigint generated always as identity primary key,
  tenant_id text collate "C" not null references ${s}.tenant on delete cascade,
  kind text not null check (kind in ('provision', 'import', 'delete', 'move')),
  definition jsonb not null,
  step text not null default '',
  state jsonb not null default '{}',
  begun_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  failure text
);
create unique index if not exists operation_under_way on ${s}.operation (tenant_id) where ended_at is null;
create or replace function ${s}.tell() returns trigger language plpgsql set search_path = pg_catalog as $tell$
begin
  perform pg_notify(${quoteLiteral(CHANNEL)}, case tg_op when 'DELETE' then old.tenant_id else new.tenant_id end);
  return null;
end $tell$;
create or replace function ${s}.tell_tenant() returns trigger language plpgsql set search_path = pg_catalog as $tell$
begin
  perform pg_notify(${quoteLiteral(CHANNEL)}, case tg_op when 'DELETE' then old.id else new.id end);
  return null;
end $tell$;
create or replace trigger tell after insert or update or delete on ${s}.tenant for each row execute function ${s}.tell_tenant();
create or replace trigger tell after insert or update or delete on ${s}.slug for each row execute function ${s}.tell();
create or replace trigger tell after insert or update or delete on ${s}.domain for each row execute function ${s}.tell();
${doBlock(`declare grantee text; relation text; begin
  for relation, grantee in
    select c.oid::regclass::text, distinct_grantee from pg_class c,
      lateral (select distinct case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as distinct_grantee
        from aclexplode(c.relacl) a where a.grantee <> c.relowner) given
    where c.relnamespace = ${quoteLiteral(s)}::regnamespace and c.relkind = 'r'
  loop execute format('revoke all on %s from %s', relation, grantee); end loop;
end`)}`;
}
