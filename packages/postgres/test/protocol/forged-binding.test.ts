import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, initech, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { checkedOut } from '../pool/checked-out.js';
import { areOwn, interleaved } from '../pool/interleaved.js';

const ALL = 'select * from job order by id';
const NAMED = { name: 'mine', text: ALL };

describe('F2: the binding is nothing that SQL can replace', () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    // Puts statements that bind to a third tenant, and answer as the binding does, under every name there is or was.
    await database.outside.query(`
      create function forge() returns int language plpgsql as $$
      declare
        known record;
        forged text := ' as select $1 from set_config(''app.'' || ''tenant_id'', ''t_initech'', true)';
      begin
        for known in select name, parameter_types from pg_prepared_statements
          union select 'tenancy app.tenant_id', '{text}' union select 'tenancy query', '{text}' loop
          begin
            execute format('deallocate %I', known.name);
          exception when others then null;
          end;
          execute format('prepare %I (text)', known.name) || forged;
        end loop;
        return 1;
      end $$;
    `);
    pool = database.pool({ max: 1, idleTimeoutMillis: 0 });
    await pool.verify();
  });

  const FORGE = [
    'select forge()',
    "select query_to_xml('select forge()', true, true, '')",
    'do $$ begin perform forge(); end $$',
  ];

  it.each(FORGE)("the same tenant's later queries are its own: %s", async (forge) => {
    await checkedOut(database.context, pool, acme, async (client) => {
      for (let turn = 0; turn < 3; turn += 1) {
        await client.query(forge);
        for (const query of [ALL, { text: 'select * from job where id > $1', values: [0] }]) {
          expect(areOwn(acme, (await client.query(query)).rows)).toBe(true);
        }
        await client.query('begin');
        await client.query(forge);
        expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
        await client.query('commit');
      }
    });
    expect(areOwn(acme, (await database.context.run(acme, () => pool.query(ALL))).rows)).toBe(true);
  });

  it.each(FORGE)("the next tenant's queries are its own, named ones too: %s", async (forge) => {
    for (const tenant of [acme, globex, initech, globex]) {
      await database.context.run(tenant, async () => {
        for (const query of [ALL, NAMED, ALL, NAMED]) expect(areOwn(tenant, (await pool.query(query)).rows)).toBe(true);
        await pool.query(forge);
      });
    }
    expect(pool.totalCount).toBe(1);
  });

  it("a statement of the application's without a name leaves the binding where it is", async () => {
    await checkedOut(database.context, pool, acme, async (client) => {
      for (let turn = 0; turn < 3; turn += 1) {
        expect((await client.query('select $1::text as said', ['mine'])).rows).toEqual([{ said: 'mine' }]);
        await expect(client.query('select $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' });
        await expect(client.query('nonsense')).rejects.toMatchObject({ code: '42601' });
        await expect(client.query('select $1', [{ toPostgres: () => JSON.parse('{') }])).rejects.toThrow();
        await client.query('begin');
        await expect(client.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
        await expect(client.query(ALL)).rejects.toMatchObject({ code: '25P02' });
        await client.query('rollback');
        expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
      }
    });
  });

  it('twin: three tenants, each of which forges at every turn', async () => {
    const many = database.pool({ max: 3 });
    let wrong = 0;
    await interleaved(database, { callers: 12, rounds: 10 }, async (tenant, round, caller) => {
      const client = await many.connect();
      const forge = FORGE[(round + caller) % FORGE.length] as string;
      for (const query of [ALL, forge, ALL, { text: `${ALL} limit $1`, values: [10] }]) {
        const { rows } = await client.query(query);
        if (query !== forge && !areOwn(tenant, rows)) wrong += 1;
      }
      client.release();
    });
    expect(wrong).toBe(0);
  });
});
