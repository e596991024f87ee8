import type { ClientBase } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eachSchema, type MigrateResult, type MigrationError, migrate } from '../../src/migrations.js';
import { forAllTests } from '../database/for-all-tests.js';
import { Workplace } from '../migrations/workplace.js';
import { openProvisionDatabase } from '../tenants/provision-database.js';
import { attackTexts } from './attack-texts.js';
import { drawn } from './spellings.js';

/** Asks for all that the next one finds of the connection, but for its own schema. */
const SESSION = `select current_user as role, session_user as login, nullif(current_setting('app.user_id', true), '') as own,
  nullif(current_setting('app.tenant_id', true), '') as tenant,
  (select count(*)::int from pg_catalog.pg_class where relnamespace = pg_my_temp_schema()) as temporary,
  (select count(*)::int from pg_catalog.pg_prepared_statements where from_sql) as prepared,
  (select count(*)::int from pg_catalog.pg_cursors where is_holdable) as cursors,
  (select json_agg(name || '=' || setting order by name) from pg_catalog.pg_settings where name !~ '^plpgsql|^search_path') as settings`;

describe('attacking texts in a migration that is code', () => {
  const database = forAllTests(() => openProvisionDatabase({ url: inject('postgresUrl') }));
  let place: Workplace;
  beforeAll(async () => {
    place = await Workplace.open();
    await place.client.query(
      `create schema elsewhere; create table elsewhere.job (title text); insert into elsewhere.job values ('own')`,
    );
  });
  afterAll(() => place.stop());

  it('leave the next migration and the next tenant their session, and other schemas their rows', async () => {
    // The owner of a server may change the server.
    const texts = drawn(
      attackTexts({ tenant: 'globex', own: 'acme', role: database.role }).filter(({ aim }) => aim !== 'server'),
      150,
      11,
    );
    const found: { readonly path: string }[] = [];
    const looks = async (client: ClientBase) => {
      const { rows } = await client.query(
        `select current_setting('search_path') as path, session.* from (${SESSION}) session`,
      );
      found.push(rows[0]);
    };
    const attacks = async (client: ClientBase) => {
      await looks(client);
      const own = Number(found.at(-1)?.path.slice(1));
      await client.query(texts[own]?.text ?? 'select 1');
    };
    const result: MigrateResult = await migrate({
      connection: place.url,
      migrations: {
        read: async () => [
          { name: '1', run: attacks },
          { name: '2', sql: 'create table made (id int)' },
          { name: '3', run: looks },
        ],
      },
      targets: eachSchema({ tenants: texts.map((_, n) => ({ id: `t${n}`, slug: `t${n}` })), name: ({ id }) => id }),
      ...{ workers: 1, maxFailures: 1, policies: { role: database.role, shared: [] } },
    } as never).catch((error: MigrationError) => error.result as MigrateResult);
    expect(result.migrated).toBeGreaterThan(40);
    expect(found.length).toBe(texts.length + result.migrated);
    const [first] = found;
    const others = found.filter(
      (one) => JSON.stringify({ ...one, path: '' }) !== JSON.stringify({ ...first, path: '' }),
    );
    expect(others).toEqual([]);
    expect(await place.rows('select title from elsewhere.job')).toEqual([{ title: 'own' }]);
    const { rows } = await place.client.query(`select distinct tableowner from pg_tables where tablename = 'made'`);
    expect(rows).toHaveLength(1);
    const made = await place.rows(
      `select count(*)::int as n from pg_tables where tablename = 'made' and schemaname ~ '^t'`,
    );
    expect(made).toEqual([{ n: result.migrated }]);
  });
});
