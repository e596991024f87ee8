import pg from 'pg';
import { createDatabase } from '../../src/postgres.js';

/** Names that need quotes, keys that the database makes, columns that it computes, and rows that are a tenant's by a reference. */
const TABLES = `
  create schema "Sales Team";
  create table country (code text primary key, name text not null);
  create table "Sales Team"."Order" (
    "Tenant" text not null, id bigint generated always as identity primary key, total int not null,
    doubled int generated always as (total * 2) stored, country text references country
  );
  create table line (
    "Tenant" text not null, id serial primary key, "order" bigint not null references "Sales Team"."Order", text text not null
  );
  create table line_note (id serial primary key, line int not null references line, text text not null);
  create table note_tag (note int not null references line_note, name text not null, primary key (note, name));
  create table "user" (id text primary key, "Tenant" text not null, unique ("Tenant", id));
  create table invoice (
    "Tenant" text not null, id text primary key, "user" text, foreign key ("Tenant", "user") references "user" ("Tenant", id)
  );
`;
const ROWS = `
  insert into country values ('CH', 'Switzerland');
  insert into "Sales Team"."Order" ("Tenant", total, country)
    select t, n, 'CH' from unnest(array['t_acme', 't_globex', 't_initech']) t, generate_series(1, 2) n;
  insert into line ("Tenant", "order", text)
    select "Tenant", id, "Tenant" || ' line ' || n from "Sales Team"."Order", generate_series(1, 2) n;
  insert into line_note (line, text) select id, 'note on ' || text from line;
  insert into note_tag select id, 'tag' from line_note;
  insert into "user" select t || '_user', t from unnest(array['t_acme', 't_globex', 't_initech']) t;
  insert into invoice select t, t || '_invoice', t || '_user' from unnest(array['t_acme', 't_globex', 't_initech']) t;
`;

export async function openSalesDatabase(serverUrl: string) {
  const database = await createDatabase(serverUrl);
  await query(database.url, TABLES + ROWS);
  return database;
}

/** One query on a connection of its own. */
export async function query(connectionString: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}
