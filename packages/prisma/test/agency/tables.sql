create table "Country" ("code" text primary key);

create table "Office" ("tenantId" uuid not null, "id" text not null, primary key ("tenantId", "id"));

create table "Agency" ("tenantId" uuid not null, "id" text primary key, "fee" decimal not null default 0);

create table "Job" (
  "tenantId" uuid not null, "id" text primary key, "title" text not null default 'job', "details" jsonb, "photo" bytea,
  "countryCode" text references "Country" ("code") on delete restrict on update cascade,
  "officeId" text,
  "agencyId" text references "Agency" ("id") on delete restrict on update cascade,
  foreign key ("tenantId", "officeId") references "Office" ("tenantId", "id") on delete restrict on update cascade
);

create table "Note" (
  "tenantId" uuid not null, "id" text primary key,
  "jobId" text not null references "Job" ("id") on delete restrict on update cascade
);
