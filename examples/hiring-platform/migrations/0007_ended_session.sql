-- Sessions that somebody signed out of. One is remembered until its token would have expired.
create table ended_session (
  tenant_id text not null,
  id uuid primary key,
  expires_at timestamptz not null,
  unique (tenant_id, id)
);
create index on ended_session (tenant_id, expires_at);
