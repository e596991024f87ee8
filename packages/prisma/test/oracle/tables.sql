create table "Country" ("code" text primary key, "name" text not null);

create table "Office" (
  "tenantId" text not null default '$tenant', "id" text primary key, "city" text not null,
  "countryCode" text not null references "Country" ("code") on delete restrict on update cascade,
  unique ("tenantId", "id"), unique ("tenantId", "city")
);

create table "Job" (
  "tenantId" text not null default '$tenant', "id" text primary key, "title" text not null, "salary" integer,
  "open" boolean not null default true, "officeId" text,
  foreign key ("tenantId", "officeId") references "Office" ("tenantId", "id") on delete restrict on update cascade
);

create table "Tag" ("tenantId" text not null default '$tenant', "id" text primary key, "label" text not null);

create table "_JobToTag" (
  "A" text not null references "Job" ("id") on delete cascade on update cascade,
  "B" text not null references "Tag" ("id") on delete cascade on update cascade,
  unique ("A", "B")
);

create table "Candidate" (
  "tenantId" text not null default '$tenant', "id" text primary key, "name" text not null,
  "score" integer not null default 0,
  "jobId" text not null references "Job" ("id") on delete cascade on update cascade,
  "refereeId" text references "Candidate" ("id") on delete set null on update cascade,
  unique ("tenantId", "name")
);

create table "Profile" (
  "tenantId" text not null default '$tenant', "id" text primary key, "bio" text,
  "candidateId" text unique references "Candidate" ("id") on delete set null on update cascade
);

create table "Note" (
  "tenantId" text not null default '$tenant', "id" text primary key, "text" text not null,
  "aboutId" text references "Candidate" ("id") on delete set null on update cascade,
  "authorId" text references "Candidate" ("id") on delete restrict on update cascade
);
