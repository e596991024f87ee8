create table job (
  tenant_id text not null,
  id uuid primary key,
  title text not null,
  location text not null,
  open boolean not null default true,
  created_at timestamptz not null default now(),
  unique (tenant_id, id),
  unique (tenant_id, title)
);

create table candidate (
  tenant_id text not null,
  id uuid primary key,
  name text not null,
  email text not null,
  created_at timestamptz not null default now(),
  unique (tenant_id, id),
  unique (tenant_id, email)
);

-- Foreign keys contain the tenant: the check behind them sees every row, whatever the query was limited to.
create table application (
  tenant_id text not null,
  id uuid primary key,
  job_id uuid not null,
  candidate_id uuid not null,
  stage text not null default 'applied' check (stage in ('applied', 'interview', 'offer', 'hired', 'rejected')),
  created_at timestamptz not null default now(),
  unique (tenant_id, id),
  unique (tenant_id, job_id, candidate_id),
  foreign key (tenant_id, job_id) references job (tenant_id, id),
  foreign key (tenant_id, candidate_id) references candidate (tenant_id, id)
);
create index on application (tenant_id, candidate_id);

create table note (
  tenant_id text not null,
  id uuid primary key,
  application_id uuid not null,
  author_id uuid not null,
  text text not null,
  created_at timestamptz not null default now(),
  unique (tenant_id, id),
  foreign key (tenant_id, application_id) references application (tenant_id, id) on delete cascade,
  foreign key (tenant_id, author_id) references user_account (tenant_id, id)
);
create index on note (tenant_id, application_id);
create index on note (tenant_id, author_id);
