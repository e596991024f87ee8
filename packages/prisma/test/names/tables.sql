create table "Aisle" ("tenantId" text not null, "id" text primary key);

create table "Box" (
  "tenantId" text not null, "id" integer primary key, "lidId" integer unique, "docId" integer, "hubId" integer, "formId" integer
);

create table "Lid" (
  "tenantId" text not null, "id" integer primary key, "title" text, "data" text, "where" text, "create" text, "update" text,
  "upsert" text, "delete" text, "set" text, "connect" text, "increment" integer, "push" text, "some" text, "every" text,
  "none" text, "is" text, "isNot" text, "equals" text, "in" text, "not" text, "mode" text, "path" text, "select" text,
  "include" text, "omit" text, "sort" text, "nulls" text, "by" text, "having" text, "count" integer, "ownerId" integer,
  unique ("tenantId", "title")
);

create table "Doc" (
  "tenantId" text not null, "id" integer primary key, "title" text not null unique, "note" text, "count" integer, "set" text,
  "where" text, "data" jsonb
);

create table "Hub" ("tenantId" text not null, "id" integer primary key, "title" text, "update" text, "dataId" integer);

create table "Spoke" ("tenantId" text not null, "id" integer primary key, "title" text, "hubId" integer);

create table "Form" ("tenantId" text not null, "id" integer primary key, "where" jsonb, "data" jsonb);

create table "Gate" ("tenantId" text not null, "id" integer primary key, "and" text, "or" text, "not" text);

create table "Bay" (
  "tenantId" text not null, "id" integer primary key, "aisle" text not null, "code" text not null, unique ("aisle", "code")
);

create table "Pallet" ("tenantId" text not null, "id" integer primary key, "aisle" text, "code" text);
