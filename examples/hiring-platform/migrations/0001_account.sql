create table user_account (
  tenant_id text not null,
  id uuid primary key,
  email text not null,
  password_hash text not null,
  role text not null default 'recruiter' check (role in ('recruiter', 'admin')),
  unique (tenant_id, id),
  -- Unique within the company: an address must not reveal that another company has it.
  unique (tenant_id, email)
);
