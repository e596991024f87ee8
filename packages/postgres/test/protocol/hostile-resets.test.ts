import { beforeAll, describe, expect, it } from 'vitest';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { program, startPgBouncer } from '../pgbouncer/pgbouncer.js';
import { areOwn } from '../pool/interleaved.js';
import { openWireProxy, typeOf } from '../pool/wire-proxy.js';

const ALL = 'select * from job order by id';

/** Settings that make a session hard to use, or to reset, left by a function. */
const HOSTILE = [
  'statement_timeout = 1',
  'lock_timeout = 1',
  'idle_in_transaction_session_timeout = 1',
  'default_transaction_read_only = on',
  'default_transaction_isolation = serializable',
  "client_encoding = 'LATIN1'",
  "client_encoding = 'SJIS'",
  'standard_conforming_strings = off',
  'search_path = pg_temp, public',
  'client_min_messages = debug5',
  'row_security = off',
  'bytea_output = escape',
  "datestyle = 'SQL, DMY'",
  'plan_cache_mode = force_generic_plan',
  "app.tenant_id = 't_initech'",
  'exit_on_error = on',
  "work_mem = '64kB'",
  "application_name = 'acme'",
];

/** The settings that a session shows, without those that a language brings when it is first used. */
const SETTINGS = "select name, setting from pg_settings where name not like 'plpgsql.%' order by name";

describe('F1: what a function leaves to make the reset hard', () => {
  const database = forAllTests(openFloorDatabase);
  beforeAll(async () => {
    await database.outside.query(
      `create function run(text) returns int language plpgsql as $$ begin execute $1; return 1; end $$`,
    );
  });

  const proven = async (options: object) => {
    const pool = database.pool({ max: 1, application_name: 'of the start', ...options });
    const as = (tenant: typeof acme, text: string, values: unknown[] = []) =>
      database.context.run(tenant, () => pool.query(text, values));
    const untouched = (await as(globex, SETTINGS)).rows;
    let connected = 0;
    pool.on('connect', () => {
      connected += 1;
    });
    for (const setting of HOSTILE) {
      // It may be in force for this very statement.
      await as(acme, 'select run($1)', [`set ${setting}`]).catch(() => {});
      expect([setting, (await as(globex, SETTINGS)).rows]).toEqual([setting, untouched]);
      expect([setting, areOwn(globex, (await as(globex, ALL)).rows)]).toEqual([setting, true]);
    }
    await pool.end();
    return connected;
  };

  it('reaches nobody, and costs no connection', async () => {
    expect(await proven({})).toBeLessThanOrEqual(1);
  });

  it.skipIf(!program)(
    `reaches nobody behind PgBouncer with a session for each client${program ? '' : ', which is not installed here'}`,
    async () => {
      const bouncer = await startPgBouncer(database.url, 'session', 2);
      await proven({ connectionString: bouncer.url });
      await bouncer.stop();
    },
  );

  it('a reset that fails closes the connection before a row is handed on, and says why', async () => {
    const proxy = await openWireProxy(database.url);
    const pool = database.pool({ connectionString: proxy.url, max: 1 });
    await database.context.run(acme, () => pool.query(ALL));
    proxy.reply = (message) => {
      if (typeOf(message) !== 'C' || !message.includes('RESET')) return [message];
      const fields = Buffer.from('SERROR\0C57014\0Mcanceling statement\0\0');
      const error = Buffer.alloc(5 + fields.length);
      error.write('E');
      error.writeInt32BE(4 + fields.length, 1);
      fields.copy(error, 5);
      return [error];
    };
    await expect(database.context.run(globex, () => pool.query(ALL))).rejects.toMatchObject({
      code: 'connection_not_reset',
      cause: expect.objectContaining({ code: '57014' }),
    });
    proxy.reply = undefined;
    expect(areOwn(globex, (await database.context.run(globex, () => pool.query(ALL))).rows)).toBe(true);
    await pool.end();
    await proxy.stop();
  });

  it('a reset of which one part did not answer is out of step', async () => {
    const proxy = await openWireProxy(database.url);
    for (const tag of ['RESET', 'CLOSE CURSOR', 'DEALLOCATE', 'UNLISTEN', 'DISCARD TEMP', 'DISCARD SEQ']) {
      const pool = database.pool({ connectionString: proxy.url, max: 1 });
      await database.context.run(acme, () => pool.query(ALL));
      proxy.reply = (message) => (typeOf(message) === 'C' && message.includes(tag) ? [] : [message]);
      await expect(database.context.run(globex, () => pool.query(ALL))).rejects.toMatchObject({
        code: 'connection_out_of_step',
      });
      proxy.reply = undefined;
      await pool.end();
    }
    await proxy.stop();
  });
});
