-- The companies are the tenants.
create table company (
  id text primary key,
  slug text not null unique,
  name text not null,
  status text not null default 'active' check (status in ('active', 'suspended', 'archived')),
  custom_domain text unique
);
