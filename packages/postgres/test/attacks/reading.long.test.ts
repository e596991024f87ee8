import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reading, type TenantPool } from '../../src/index.js';
import { acme, globex } from '../database/floor-database.js';
import { answeredBy, ReplicatedDatabase } from '../replicas/replicated-database.js';
import type { Standby } from '../replicas/standby.js';
import { attackTexts } from './attack-texts.js';
import { DOORS } from './struck-seed.js';
import { writingTexts } from './writing-texts.js';

let database: ReplicatedDatabase;
let pools: readonly TenantPool[];

beforeAll(async () => {
  database = await ReplicatedDatabase.open();
  const onReplica = database.pool({ reads: { waitMillis: 30_000, maxConnectionsPerReplica: 1 } });
  await database.context.run(acme, () => answeredBy(onReplica, (database.replicas[0] as Standby).port));
  pools = [onReplica, database.pool({ replicas: [], max: 1 })];
});

afterAll(() => database?.stop());

const SESSION = `select current_user as user, session_user as login, current_setting('app.tenant_id') as tenant,
  nullif(current_setting('app.user_id', true), '') as own, current_setting('transaction_read_only') as reads,
  (select count(*) from pg_class where relnamespace = pg_my_temp_schema()) as temporary, (select count(*) from pg_cursors where is_holdable) as cursors,
  (select count(*) from pg_prepared_statements where from_sql) as prepared,
  (select json_agg(name || '=' || setting order by name) from pg_settings where name not like 'plpgsql%') as settings`;

/** All that is in the database, a temporary table and the value of a sequence among it. */
const ALL = `select (select json_agg(j order by tenant_id, id) from job j) as jobs, (select last_value from number) as number,
  (select count(*) from pg_class) as relations`;

describe('attacking texts within `reading`', () => {
  it.each([
    ['a replica', 0, null],
    ['the primary', 1, null],
    ['a transaction on the primary', 1, 'begin'],
    ['a transaction on a replica', 0, 'begin read only'],
  ])('write nothing, reach nobody and leave nothing on %s', async (_, which, begin) => {
    const pool = pools[which] as TenantPool;
    const all = async () => (await database.outside.query(ALL)).rows;
    const session = () => database.context.run(globex, () => reading(async () => (await pool.query(SESSION)).rows[0]));
    const [usual, before] = [await session(), await all()];
    expect(usual).toMatchObject({ reads: 'on', tenant: globex.id });
    const texts = [
      ...writingTexts(),
      ...attackTexts({ tenant: globex.id, own: acme.id, role: 'app' }).filter(
        ({ way }) => !/put together|formatted|decoded|backwards/.test(way),
      ),
    ];
    expect(texts.length).toBeGreaterThan(900);
    const harmful: unknown[] = [];
    for (const [index, { text }] of texts.entries()) {
      const [door, send] = DOORS[index % DOORS.length] as (typeof DOORS)[number];
      const said = await database.context.run(acme, () =>
        reading(async () => {
          const client = await pool.connect();
          try {
            if (begin !== null) await client.query(begin);
            const rows: unknown[] = [await send(client, text).catch(() => null)];
            for (const next of ['select title from job', `update job set title = 'harmed'`, 'commit']) {
              rows.push(
                await client.query(next).then(
                  (found) => found.rows,
                  () => null,
                ),
              );
            }
            return rows;
          } finally {
            client.release();
          }
        }),
      );
      if (JSON.stringify(said).includes('globex job')) harmful.push(['read', door, text]);
      const after = await session();
      if (JSON.stringify(after) !== JSON.stringify(usual)) harmful.push(['left', door, text, after]);
    }
    expect(harmful).toEqual([]);
    expect(await all()).toEqual(before);
  });
});
