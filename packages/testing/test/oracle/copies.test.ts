import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Copies, copyDatabase } from '../../src/oracle/copies/copies.js';
import { resolved } from '../../src/oracle/fuzzed/fuzz-options.js';
import { type PostgresServer, postgresFromEnvironment, type TestDatabase } from '../../src/postgres.js';
import { openSalesDatabase, query } from './database.js';

let server: PostgresServer;
let database: TestDatabase;
let copies: Copies;
const tenants = [
  { id: 't_acme', slug: 'acme' },
  { id: 't_globex', slug: 'globex' },
];

beforeAll(async () => {
  server = await postgresFromEnvironment();
  database = await openSalesDatabase(server.url);
  copies = await copyDatabase(pg, resolved({ url: database.url, tenants, tenantColumn: 'Tenant' }));
});
afterAll(async () => {
  await copies.stop();
  await database.stop();
  await server.stop();
});

const aloneOf = (id: string) => {
  const copy = copies.alone.get(id);
  if (!copy) throw new Error('no such copy');
  return copy;
};

describe('the copies of a database', () => {
  it("together: everybody's rows, some of which refer to another tenant's where no key holds the tenant", async () => {
    const [line] = await query(
      copies.together.url,
      `select count(*)::int as n, count(*) filter (where l."Tenant" <> o."Tenant")::int as across
       from line l join "Sales Team"."Order" o on o.id = l."order"`,
    );
    expect(line).toEqual({ n: 12, across: 2 });
    const invoices = await query(
      copies.together.url,
      'select i."user" = i."Tenant" || \'_user\' as own from invoice i',
    );
    expect(invoices).toEqual([{ own: true }, { own: true }, { own: true }]);
  });

  it("alone: the tenant's rows, those that refer to them, and what is shared", async () => {
    const { url } = aloneOf('t_acme');
    const [counts] = await query(
      url,
      `select (select count(*)::int from country) as country, (select count(*)::int from "Sales Team"."Order") as orders,
         (select count(*)::int from line) as line, (select count(*)::int from line_note) as note,
         (select count(*)::int from note_tag) as tag, (select count(*)::int from "user") as "user"`,
    );
    // A note was added that leads from the tenant to another one, and one that leads to it.
    expect(counts).toMatchObject({ country: 1, orders: 2, line: 4, user: 1 });
    const foreign = await query(
      url,
      `select text from line_note where text not like '%t_acme%' and line not in (select id from line)`,
    );
    expect(foreign).toEqual([]);
    expect(await query(url, `select "Tenant" from line where "Tenant" <> 't_acme'`)).toEqual([]);
  });

  it('puts back what was changed: rows, keys that the database makes, and columns that it computes', async () => {
    const { together } = copies;
    const order = `insert into "Sales Team"."Order" ("Tenant", total) values ('t_acme', 7) returning id, doubled`;
    const [first] = await query(together.url, order);
    expect(first?.['doubled']).toBe(14);
    await query(together.url, `update line set text = 'changed'; delete from note_tag`);
    const rows = await together.changed();
    expect(rows?.get('public.note_tag')).toEqual([]);
    await together.restore();
    expect(await together.changed()).toBeNull();
    expect(await query(together.url, order)).toEqual([first]);
    expect(await together.changed()).not.toBeNull();
    await together.restore();
    expect(await together.changed()).toBeNull();
  });

  it('leaves the database as it was', async () => {
    const [line] = await query(
      database.url,
      `select count(*)::int as n from line l join "Sales Team"."Order" o on o.id = l."order" where l."Tenant" <> o."Tenant"`,
    );
    expect(line).toEqual({ n: 0 });
  });
});
