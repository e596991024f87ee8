-- What recruiters wrote. An entry outlives the record and the account that it names, so it refers to neither.
create table audit_entry (
  tenant_id text not null,
  id uuid primary key default gen_random_uuid(),
  at timestamptz not null default now(),
  recruiter_id uuid not null,
  action text not null,
  record_id uuid not null,
  unique (tenant_id, id)
);
create index on audit_entry (tenant_id, at, id);
