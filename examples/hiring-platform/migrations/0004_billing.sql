create table invoice (
  tenant_id text not null,
  id uuid primary key default gen_random_uuid(),
  month text not null check (month ~ '^\d{4}-\d{2}$'),
  status text not null default 'open' check (status in ('open', 'paid')),
  issued_at timestamptz not null default now(),
  paid_at timestamptz,
  unique (tenant_id, id),
  -- One for each month, of each company.
  unique (tenant_id, month)
);

create table invoice_line (
  tenant_id text not null,
  id uuid primary key default gen_random_uuid(),
  invoice_id uuid not null,
  -- Where the line is for a published job. Prisma writes that table and TypeORM this one; PostgreSQL holds the two together.
  job_id uuid,
  description text not null,
  cents integer not null check (cents >= 0),
  unique (tenant_id, id),
  foreign key (tenant_id, invoice_id) references invoice (tenant_id, id) on delete cascade,
  foreign key (tenant_id, job_id) references job (tenant_id, id)
);
create index on invoice_line (tenant_id, invoice_id);
create index on invoice_line (tenant_id, job_id);
