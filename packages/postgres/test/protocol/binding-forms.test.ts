import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Isolation, TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { checkedOut } from '../pool/checked-out.js';
import { areOwn, interleaved } from '../pool/interleaved.js';
import { openWireProxy, typeOf, type WireProxy } from '../pool/wire-proxy.js';

const unexamined: Isolation = {
  strategy: 'row-level-security',
  setting: 'app.tenant_id',
  place: ({ id }) => ({ settings: [['app.tenant_id', id]], ownsTables: false }),
};
const ALL = 'select * from job order by id';
const PROBE = "select set_config('app.tenant_id', $1, true), pg_backend_pid()";
const PLAIN = "select set_config('app.tenant_id', $1, true)";
const UNLOCKING = "select set_config('app.tenant_id', $1, true), pg_advisory_unlock_all()";

describe('the form of the binding', () => {
  const database = forAllTests(openFloorDatabase);
  let proxy: WireProxy;
  let pool: TenantPool;
  beforeEach(async () => {
    proxy = await openWireProxy(database.url);
    // The checks bind, too; here each connection begins with a query of a tenant's.
    pool = database.pool({
      connectionString: proxy.url,
      max: 1,
      isolation: unexamined,
      checks: { 'two-tenants': 'off' },
    });
  });
  afterEach(async () => {
    await pool.end();
    await proxy.stop();
  });

  const bindings = () => proxy.texts.filter((text) => text.startsWith("select set_config('app.tenant_id'"));

  it("is asked for once with the server's process, unlocks at each change of tenant, and is kept after that", async () => {
    for (const tenant of [acme, acme, acme, globex, globex, globex, acme, globex]) {
      const { rows } = await database.context.run(tenant, () => pool.query(ALL));
      expect(areOwn(tenant, rows)).toBe(true);
    }
    expect(bindings()).toEqual([PROBE, PLAIN, UNLOCKING, PLAIN, UNLOCKING, UNLOCKING]);
  });

  it('stays unnamed where the process is not the one that introduced itself: behind a pooler', async () => {
    proxy.reply = (message) => {
      if (typeOf(message) === 'K') message.writeInt32BE(message.readInt32BE(5) + 1, 5);
      return [message];
    };
    for (const tenant of [acme, globex, acme, globex]) {
      const { rows } = await database.context.run(tenant, () => pool.query(ALL));
      expect(areOwn(tenant, rows)).toBe(true);
    }
    expect(bindings()).toEqual([PROBE, PLAIN, PLAIN, PLAIN]);
  });

  it('stays unnamed where no process introduced itself at all', async () => {
    proxy.reply = (message) => (typeOf(message) === 'K' ? [] : [message]);
    for (const tenant of [acme, globex, acme]) {
      const { rows } = await database.context.run(tenant, () => pool.query(ALL));
      expect(areOwn(tenant, rows)).toBe(true);
    }
    expect(bindings()).toEqual([PROBE, PLAIN, PLAIN]);
  });

  it.each(['deallocate all', 'discard plans', 'deallocate "tenancy query"', 'select forget()'])(
    'is kept after %s, and no query fails',
    async (text) => {
      await database.outside.query(`
        create or replace function forget() returns void language plpgsql as
          $$ begin execute 'deallocate all'; end $$;
      `);
      await checkedOut(database.context, pool, acme, async (client) => {
        for (let query = 0; query < 3; query += 1) await client.query('select 1');
        await client.query(text);
        await client.query('begin');
        for (let query = 0; query < 3; query += 1) {
          expect(areOwn(acme, (await client.query(ALL)).rows)).toBe(true);
        }
        await client.query('commit');
      });
      expect(bindings()).toEqual([PROBE, PLAIN]);
      expect(pool.totalCount).toBe(1);
      const { rows } = await database.context.run(globex, () => pool.query(ALL));
      expect(areOwn(globex, rows)).toBe(true);
    },
  );

  it('when the binding itself fails, the query is not run, and the client goes on', async () => {
    await checkedOut(database.context, pool, acme, async (client) => {
      await client.query('select 1');
      // The next is the first that is prepared: parsed, and then never run.
      proxy.request = (message) => {
        if (typeOf(message) !== 'B') return [message];
        proxy.request = undefined;
        // A format code that PostgreSQL does not know, behind the empty portal and the statement's name.
        const broken = Buffer.from(message);
        broken.writeInt16BE(7, broken.length - 2);
        return [broken];
      };
      await expect(client.query("insert into job (id, title) values (70, 'never')")).rejects.toMatchObject({
        severity: expect.any(String),
      });
      const { rows } = await client.query(ALL);
      expect(areOwn(acme, rows)).toBe(true);
    });
    const { rows } = await database.context.run(globex, () => pool.query(ALL));
    expect(areOwn(globex, rows)).toBe(true);
  });

  it('twin: three tenants on connections with and without a pooler at once', async () => {
    proxy.reply = (message, wire) => {
      if (typeOf(message) === 'K' && wire.index % 2 === 0) message.writeInt32BE(1, 5);
      return [message];
    };
    const many = database.pool({ connectionString: proxy.url, max: 4 });
    let wrong = 0;
    await interleaved(database, { callers: 24, rounds: 12 }, async (tenant, round) => {
      const text = round % 6 === 0 ? 'deallocate all' : ALL;
      const { rows } = await many.query(text);
      if (text === ALL && !areOwn(tenant, rows)) wrong += 1;
    });
    expect(wrong).toBe(0);
    await many.end();
  });
});
