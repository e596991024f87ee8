-- `scheduleTableSql('operations.tenancy_schedule')` of @tenancy/core/schedule: which process runs which tick. The platform's own, so the
-- role of the application has no part of it.
create schema if not exists operations;
create table if not exists operations.tenancy_schedule (
  job text collate "C" not null,
  -- The empty one, which no tenant has, is the tick itself.
  tenant text collate "C" not null,
  tick bigint not null,
  holder text not null,
  lease_until timestamptz,
  done_at timestamptz,
  primary key (job, tenant)
);
