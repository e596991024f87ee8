import type { ClientBase } from 'pg';
import { from, to } from 'pg-copy-streams';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../../src/index.js';
import { acme, globex, openFloorDatabase } from '../database/floor-database.js';
import { forAllTests } from '../database/for-all-tests.js';
import { type Attack, attackTexts } from './attack-texts.js';
import { DOORS } from './struck-seed.js';

/** Says who is behind the next query, and in what session. */
const SESSION = `select current_user as user, session_user as login, current_setting('app.tenant_id') as tenant,
  nullif(current_setting('app.user_id', true), '') as own, current_setting('transaction_read_only') as reads,
  (select count(*) from pg_class where relnamespace = pg_my_temp_schema()) as temporary, (select count(*) from pg_cursors where is_holdable) as cursors,
  (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
  (select count(*) from pg_prepared_statements where from_sql) as prepared,
  (select json_agg(name || '=' || setting order by name) from pg_settings where name not like 'plpgsql%') as settings`;

/** A string that is put together when it runs can be read by nobody: the pool binds what comes after it, and the docs say so. */
const PUT_TOGETHER = /put together|formatted|decoded|backwards/;

describe("attacking texts on a tenant's connection of the pool", () => {
  const database = forAllTests(openFloorDatabase);
  let pool: TenantPool;
  beforeAll(async () => {
    pool = database.pool({ max: 1, idleTimeoutMillis: 0 });
    await pool.verify();
  });

  const victims = async () =>
    JSON.stringify((await database.outside.query(`select * from job where tenant_id <> 't_acme' order by 1, 2`)).rows);
  const session = async () => (await database.context.run(globex, () => pool.query(SESSION))).rows[0];
  const texts = () =>
    attackTexts({ tenant: globex.id, own: acme.id, role: new URL(database.url).username }).filter(
      ({ way }) => !PUT_TOGETHER.test(way),
    );

  /** Sends each on a connection of its own, by one door after the other, and answers with those that did harm. */
  const struck = async (attacks: readonly Attack[], begin: string | null) => {
    const [usual, before] = [await session(), await victims()];
    const harmful: unknown[] = [];
    for (const [index, { text }] of attacks.entries()) {
      const [door, send] = DOORS[index % DOORS.length] as (typeof DOORS)[number];
      const said: unknown[] = [];
      const sent = async (client: ClientBase, query: string) => {
        await client.query(query).then(
          ({ rows }) => said.push(rows),
          () => {},
        );
      };
      const client = await database.context.run(acme, () => pool.connect());
      if (begin !== null) await client.query(begin);
      await send(client, text).then(
        (rows) => said.push(rows),
        () => {},
      );
      await sent(client, 'select title from job');
      await sent(client, `update job set title = title`);
      await sent(client, 'commit');
      client.release();
      if (JSON.stringify(said).includes('globex job')) harmful.push(['read', door, text]);
      const after = await session();
      if (JSON.stringify(after) !== JSON.stringify(usual)) harmful.push(['left', door, text, after]);
    }
    if ((await victims()) !== before) harmful.push('changed');
    return harmful;
  };

  it.each([null, 'begin'])('reach nobody, and leave nothing to the next tenant, after %s', async (begin) => {
    const all = texts();
    expect(all.length).toBeGreaterThan(700);
    const offset = begin === null ? 0 : 1;
    expect(
      await struck(
        all.filter((_, index) => index % 5 === offset),
        begin,
      ),
    ).toEqual([]);
  });

  it('what is for all tenants is refused in whatever it stands, and by every door', async () => {
    const all = texts().filter(({ aim, way }) => aim === 'several' || (aim === 'server' && way === 'executed'));
    const ours = /^do .*(?:copy|listen|truncate|owned|alter (?:role|user|database|system)|_backend|prepared)/i;
    const client = await database.context.run(acme, () => pool.connect());
    let refused = 0;
    for (const { aim, text } of all) {
      if (aim === 'server' && !ours.test(text)) continue;
      for (const [door, send] of DOORS) {
        expect([door, text, await send(client, text).catch(({ code }) => code)]).toEqual([
          door,
          text,
          'statement_refused',
        ]);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(300);
    for (const stream of [
      to('copy job to stdout'),
      from('copy job from stdin'),
      to('; /* x */ copy (select 1) to stdout'),
    ]) {
      const ended = new Promise((resolve) => stream.on('error', resolve));
      client.query(stream);
      expect(await ended).toMatchObject({ code: 'statement_refused' });
    }
    client.release();
  });
});
