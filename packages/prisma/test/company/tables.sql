create table "Org" ("id" text primary key, "name" text not null default 'org');

create table "Region" ("code" text primary key);

create table "Unit" (
  "tenantId" text not null references "Org" ("id") on delete restrict on update cascade,
  "id" integer primary key, "name" text not null,
  "parentId" integer references "Unit" ("id") on delete set null on update cascade
);

create table "Task" (
  "tenantId" text not null, "id" integer primary key, "title" text not null default 'task',
  "unitId" integer not null references "Unit" ("id") on delete cascade on update cascade
);

create table "Badge" (
  "tenantId" text not null, "id" integer primary key, "label" text not null default 'badge',
  "unitId" integer unique references "Unit" ("id") on delete set null on update cascade
);

create table "Seat" (
  "tenantId" text not null, "row" text not null, "no" integer not null, "note" text not null default 'seat',
  "unitId" integer references "Unit" ("id") on delete set null on update cascade,
  primary key ("row", "no")
);

create table "Depot" (
  "tenantId" text not null,
  "regionCode" text not null references "Region" ("code") on delete restrict on update cascade,
  "code" text not null,
  primary key ("regionCode", "code")
);

create table "Shipment" (
  "tenantId" text not null, "id" integer primary key,
  "regionCode" text references "Region" ("code") on delete restrict on update restrict,
  "depotCode" text,
  foreign key ("regionCode", "depotCode") references "Depot" ("regionCode", "code") on delete restrict on update restrict
);

create table "Zone" ("tenantId" text not null, "code" text primary key);

create table "Bin" (
  "tenantId" text not null,
  "zoneCode" text not null references "Zone" ("code") on delete restrict on update cascade,
  "code" text not null,
  primary key ("zoneCode", "code")
);

create table "Rack" ("tenantId" text not null, "aisle" text not null, "code" text not null, primary key ("aisle", "code"));

create table "Parcel" (
  "tenantId" text not null, "id" integer primary key, "zoneCode" text, "binCode" text, "rackCode" text,
  foreign key ("zoneCode") references "Zone" ("code") on delete set null on update cascade,
  foreign key ("zoneCode", "binCode") references "Bin" ("zoneCode", "code") on delete set null on update cascade,
  foreign key ("zoneCode", "rackCode") references "Rack" ("aisle", "code") on delete set null on update cascade
);

create table "Preference" ("tenantId" text primary key, "theme" text not null default 'light');

create table "Plan" ("code" text primary key, "label" text not null default 'plan');

create table "Group" (
  "tenantId" text not null default 'nobody', "id" integer primary key, "no" text not null, "is" text not null default 'some',
  "headNo" text,
  "rivalId" integer references "Group" ("id") on delete restrict on update restrict,
  "peerId" integer unique references "Group" ("id") on delete restrict on update restrict,
  unique ("tenantId", "no"),
  foreign key ("tenantId", "headNo") references "Group" ("tenantId", "no") on delete restrict on update restrict
);

create table "_GroupToPlan" (
  "A" integer not null references "Group" ("id") on delete cascade on update cascade,
  "B" text not null references "Plan" ("code") on delete cascade on update cascade,
  primary key ("A", "B")
);

create table "_Friends" (
  "A" integer not null references "Group" ("id") on delete cascade on update cascade,
  "B" integer not null references "Group" ("id") on delete cascade on update cascade,
  primary key ("A", "B")
);

create table "Folder" (
  "tenantId" text not null, "id" integer primary key,
  "parentId" integer references "Folder" ("id") on delete cascade on update cascade
);

create table "Paper" (
  "tenantId" text not null, "id" integer primary key,
  "folderId" integer references "Folder" ("id") on delete cascade on update cascade
);
