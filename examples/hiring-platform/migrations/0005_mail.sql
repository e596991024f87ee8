-- A letter to a candidate or to the company's own recruiters.
create table mail (
  tenant_id text not null,
  id uuid primary key default gen_random_uuid(),
  recipient text not null,
  subject text not null,
  -- The job that wrote it: one that is tried again writes it once.
  written_by text not null,
  written_at timestamptz not null default now(),
  unique (tenant_id, id),
  unique (tenant_id, written_by, recipient)
);

-- `outboxTableSql()` of @tenancy/core/events.
create table if not exists outbox_event (
  id uuid primary key,
  tenant_id text not null,
  sequence bigint generated always as identity,
  queue text not null,
  name text not null,
  data json not null,
  options json not null,
  attempts integer not null default 0,
  failure text,
  due_at timestamptz not null default now()
);
create index if not exists outbox_event_order on outbox_event (tenant_id, sequence);
