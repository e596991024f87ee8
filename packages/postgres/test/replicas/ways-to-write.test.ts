import { randomBytes } from 'node:crypto';
import { TenantContext } from '@tenancy/core';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { compilePolicies, createTenantPool, reading, readTables, rowLevelSecurity } from '../../src/index.js';

const context = new TenantContext();
const acme = { id: 'acme', slug: 'acme' };
const INSERT = `insert into job values ('acme', 1)`;

/** Without a replica the primary answers, which could write: nothing but the binding keeps it from that. */
describe('work in `reading` does not write on the primary', () => {
  const role = `reading_${randomBytes(6).toString('hex')}`;
  let database: Awaited<ReturnType<typeof createDatabase>>;
  let admin: pg.Client;
  let pool: ReturnType<typeof createTenantPool>;

  beforeAll(async () => {
    database = await createDatabase(inject('postgresUrl'));
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query(`create role ${role} login password 'reading';
      create table job (tenant_id text not null, id int, primary key (tenant_id, id));
      create function writes() returns int language plpgsql as
        $$ begin perform set_config('transaction_read_only', 'off', true); insert into job values ('acme', 1); return 1; end $$`);
    await admin.query(compilePolicies({ role, ...(await readTables(admin)) }).sql);
    const url = new URL(database.url);
    await admin.query(`revoke temporary on database "${url.pathname.slice(1)}" from public`);
    [url.username, url.password] = [role, 'reading'];
    pool = createTenantPool({ context, connectionString: url.href, isolation: rowLevelSecurity() });
  });
  afterAll(async () => {
    await pool.end();
    await admin.end();
    await database.stop({ roles: [role] });
  });

  /** Sends them one after the other on one connection, and answers with the codes of those that failed. */
  const sent = (statements: readonly string[]) =>
    context.run(acme, () =>
      reading(async () => {
        const client = await pool.connect();
        const codes: string[] = [];
        try {
          for (const statement of statements) {
            await client.query(statement).catch(({ code }: { code: string }) => codes.push(code));
          }
          await client.query('rollback');
        } finally {
          client.release();
        }
        return codes;
      }),
    );

  it.each([
    ['a statement', [INSERT]],
    ['a transaction that says that it writes', ['begin read write', INSERT, 'commit']],
    ['with a level', ['begin isolation level read committed, read write', INSERT, 'commit']],
    ['one that says so later', ['begin', 'set transaction read write', INSERT, 'commit']],
    ['a setting', ['begin', 'set local transaction_read_only = off', INSERT, 'commit']],
    ['a session', ['set session characteristics as transaction read write', INSERT]],
    ['a default', ['set default_transaction_read_only = off', INSERT]],
    ['a savepoint', ['begin', 'savepoint s', 'set transaction read write', 'rollback to s', INSERT, 'commit']],
    ['a chain', ['begin read write', 'commit and chain', INSERT, 'commit']],
    ['several in one', [`set transaction_read_only = off; ${INSERT}`]],
    ['several that begin', [`commit; begin read write; ${INSERT}; commit`]],
    ['a function', ['select writes()']],
    ['a block', [`do $$ begin commit; ${INSERT}; end $$`]],
    ['a block that sets', [`do $$ begin rollback; set transaction read write; ${INSERT}; commit; end $$`]],
  ])('by %s', async (_, statements) => {
    expect(await sent(statements)).toContain('statement_refused');
    expect((await admin.query('select from job')).rowCount).toBe(0);
  });

  it('and writes again afterwards, on the same connections', async () => {
    await context.run(acme, () => pool.query(INSERT));
    expect((await admin.query('select from job')).rowCount).toBe(1);
  });
});
