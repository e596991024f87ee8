create type "Level" as enum ('LOW', 'HIGH');

create table "Country" ("code" text primary key);

create table "Office" (
  "tenantId" text not null default '$tenant', "id" text, "city" text not null, "countryCode" text references "Country" ("code"),
  primary key ("tenantId", "id"), unique ("tenantId", "city")
);

create table "Job" (
  "tenantId" text not null default '$tenant', "id" text primary key, "title" text not null default 'job', "note" text,
  "int" integer not null default 1, "intMay" integer, "big" bigint not null default 1, "bigMay" bigint,
  "float" double precision not null default 1, "floatMay" double precision,
  "dec" decimal(65, 30) not null default 1, "decMay" decimal(65, 30), "flag" boolean not null default true, "flagMay" boolean,
  "at" timestamp(3) not null default '2026-01-01', "atMay" timestamp(3), "bytes" bytea not null default 'a', "bytesMay" bytea,
  "level" "Level" not null default 'LOW', "levelMay" "Level", "json" jsonb not null default '{}', "jsonMay" jsonb,
  "uuid" uuid not null default '00000000-0000-4000-8000-000000000000', "uuidMay" uuid,
  "officeId" text, "leadId" text references "Job" ("id") on delete set null on update cascade,
  foreign key ("tenantId", "officeId") references "Office" ("tenantId", "id") on delete restrict on update cascade
);

create table "Bag" (
  "tenantId" text not null default '$tenant', "id" text primary key,
  "tags" text[], "ints" integer[], "bigs" bigint[], "floats" double precision[], "decs" decimal(65, 30)[], "flags" boolean[],
  "ats" timestamp(3)[], "byteses" bytea[], "levels" "Level"[], "jsons" jsonb[]
);

create table "Skill" ("tenantId" text not null default '$tenant', "id" text primary key, "label" text not null);

create table "_JobToSkill" (
  "A" text not null references "Job" ("id") on delete cascade on update cascade,
  "B" text not null references "Skill" ("id") on delete cascade on update cascade,
  primary key ("A", "B")
);

create table "Brief" (
  "tenantId" text not null default '$tenant', "id" text primary key, "text" text,
  "jobId" text unique references "Job" ("id") on delete set null on update cascade
);

create table "Visit" (
  "tenantId" text not null default '$tenant', "id" text primary key,
  "jobId" text not null references "Job" ("id") on delete cascade on update cascade
);
