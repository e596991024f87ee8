-- The companies are the tenants.
create table company (
  id text primary key,
  slug text not null unique,
  name text not null,
  status text not null default 'active' check (status in ('active', 'suspended', 'archived')),
  custom_domain text unique
);

create table user_account (
  tenant_id text not null references company (id),
  id uuid primary key,
  email text not null,
  password_hash text not null,
  role text not null default 'recruiter' check (role in ('recruiter', 'admin')),
  unique (tenant_id, id),
  -- Unique within the company: an address must not reveal that another company has it.
  unique (tenant_id, email)
);
