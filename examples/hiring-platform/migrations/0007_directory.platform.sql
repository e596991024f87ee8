-- `tenantDirectorySql()` of @tenancy/postgres/tenants: the companies, which are the tenants. The platform's own, so the role of the
-- application has no part of it.
create schema if not exists "tenancy";
comment on schema "tenancy" is '@tenancy directory 1';
create table if not exists "tenancy".tenant (
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
-- Every slug that is a tenant's or was: an old one is an alias, and never another tenant's.
create table if not exists "tenancy".slug (
  slug text collate "C" primary key,
  tenant_id text collate "C" not null references "tenancy".tenant on delete cascade,
  since timestamptz not null default clock_timestamp()
);
create index if not exists slug_tenant_id on "tenancy".slug (tenant_id);
create table if not exists "tenancy".domain (
  domain text collate "C" not null,
  tenant_id text collate "C" not null references "tenancy".tenant on delete cascade,
  token text not null,
  verified_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  primary key (domain, tenant_id)
);
-- Whoever only claims a domain keeps nobody else from proving that it is theirs.
create unique index if not exists domain_verified on "tenancy".domain (domain) where verified_at is not null;
create index if not exists domain_tenant_id on "tenancy".domain (tenant_id);
create table if not exists "tenancy".event (
  id bigint generated always as identity primary key,
  tenant_id text collate "C" not null references "tenancy".tenant on delete cascade,
  kind text not null,
  data jsonb not null default '{}',
  at timestamptz not null default clock_timestamp()
);
create index if not exists event_tenant_id on "tenancy".event (tenant_id);
create table if not exists "tenancy".consumer (
  name text collate "C" primary key,
  since timestamptz not null default clock_timestamp()
);
-- A row for each event, as the numbers of events are not in the order of their commits.
create table if not exists "tenancy".delivery (
  consumer text collate "C" not null references "tenancy".consumer on delete cascade,
  event_id bigint not null references "tenancy".event on delete cascade,
  attempts int not null default 0,
  due_at timestamptz,
  done_at timestamptz,
  failure text,
  primary key (consumer, event_id)
);
create index if not exists delivery_event_id on "tenancy".delivery (event_id);
create table if not exists "tenancy".operation (
  id bigint generated always as identity primary key,
  tenant_id text collate "C" not null references "tenancy".tenant on delete cascade,
  kind text not null check (kind in ('provision', 'import', 'delete', 'move')),
  definition jsonb not null,
  step text not null default '',
  state jsonb not null default '{}',
  begun_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  failure text
);
create unique index if not exists operation_under_way on "tenancy".operation (tenant_id) where ended_at is null;
create or replace function "tenancy".tell() returns trigger language plpgsql set search_path = pg_catalog as $tell$
begin
  perform pg_notify('tenancy_tenants', case tg_op when 'DELETE' then old.tenant_id else new.tenant_id end);
  return null;
end $tell$;
create or replace function "tenancy".tell_tenant() returns trigger language plpgsql set search_path = pg_catalog as $tell$
begin
  perform pg_notify('tenancy_tenants', case tg_op when 'DELETE' then old.id else new.id end);
  return null;
end $tell$;
create or replace trigger tell after insert or update or delete on "tenancy".tenant for each row execute function "tenancy".tell_tenant();
create or replace trigger tell after insert or update or delete on "tenancy".slug for each row execute function "tenancy".tell();
create or replace trigger tell after insert or update or delete on "tenancy".domain for each row execute function "tenancy".tell();
DO $tenancy$
declare grantee text; relation text; begin
  for relation, grantee in
    select c.oid::regclass::text, distinct_grantee from pg_class c,
      lateral (select distinct case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end as distinct_grantee
        from aclexplode(c.relacl) a where a.grantee <> c.relowner) given
    where c.relnamespace = '"tenancy"'::regnamespace and c.relkind = 'r'
  loop execute format('revoke all on %s from %s', relation, grantee); end loop;
end
$tenancy$
