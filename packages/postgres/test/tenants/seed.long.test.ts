import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import Cursor from 'pg-cursor';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PlaceKind } from '../../src/isolation/tenant-place.js';
import { abandonProvisioning, type DirectoryTenant, provisionTenant } from '../../src/tenants.js';
import { forAllTests } from '../database/for-all-tests.js';
import { servers } from '../database/servers.js';
import { openProvisionDatabase } from './provision-database.js';

type Seed = (client: ClientBase, tenant: DirectoryTenant) => Promise<void>;

const SWITCH = 'tenant_switch_refused';
const REFUSED = 'statement_refused';
const KINDS: readonly PlaceKind[] = ['rows', 'schema', 'database'];

describe.each(servers)('the seed of provisionTenant $title', (server) => {
  const database = forAllTests(() => openProvisionDatabase(server));
  let before: readonly string[];

  const provision = (slug: string, kind: PlaceKind, seed: Seed) =>
    provisionTenant({
      ...{ directory: database.directory, places: database.places(), seed },
      ...{ tenant: { slug }, at: { server: 'main', kind } },
    });
  const rows = async () => (await database.outside.query('select tenant_id, title from job')).rows;

  beforeAll(async () => {
    await provisionTenant({
      ...{ directory: database.directory, places: database.places(), at: { server: 'main', kind: 'rows' } },
      tenant: { slug: 'globex', id: 'globex' },
      seed: async (client) => void (await client.query(`insert into job (title) values ('of globex')`)),
    });
    await database.outside.query(`create function other_tenant() returns void language sql
        as $$ select set_config('app.tenant_id', 'globex', true) $$;
      create function nobody() returns void language plpgsql as $$ begin reset role; end $$;
      create table person (tenant_id text default current_setting('app.tenant_id', true), role text);
      grant select, insert, update on person to ${database.role}`);
    before = await database.traces();
  });

  const left = async () => ({ traces: await database.traces(), rows: await rows() });
  const asBefore = () => ({ traces: before, rows: [{ tenant_id: 'globex', title: 'of globex' }] });

  it.each([
    [`select set_config('app.tenant_id', 'globex', true)`, SWITCH],
    [`select set_config(E'app.tenant\\x5fid', 'globex', true)`, SWITCH],
    [`set local app.tenant_id = 'globex'`, SWITCH],
    [`do $$ begin perform set_config('app.tenant_id', 'globex', true); delete from job; end $$`, SWITCH],
    [`do $$ begin set local app.tenant_id = 'globex'; delete from job; end $$`, SWITCH],
    ['reset role', SWITCH],
    ['set role none', SWITCH],
    ['set local role postgres', SWITCH],
    [`set "role" to 'none'`, SWITCH],
    [`select set_config('role', 'none', true)`, SWITCH],
    ['set session authorization default', SWITCH],
    ['set local session authorization postgres', SWITCH],
    ['reset session authorization', SWITCH],
    ['do $$ begin reset role; delete from job; end $$', SWITCH],
    ['do $$ begin set local role postgres; delete from job; end $$', SWITCH],
    [`do $$ begin execute 'reset role'; delete from job; end $$`, SWITCH],
    ['begin', REFUSED],
    ['commit', REFUSED],
    ['; /* now */ COMMIT AND CHAIN', REFUSED],
    ['end', REFUSED],
    ['abort', REFUSED],
    ['rollback', REFUSED],
    ['rollback and chain', REFUSED],
    [`prepare transaction 'x'`, REFUSED],
    ['select 1; commit', REFUSED],
    [`select 'it\\'; commit; --'`, '42601'],
    // What is put together when it runs.
    [`select set_config('app.' || 'tenant_id', 'globex', true)`, REFUSED],
    [`do $$ begin execute format('%s role', 'reset'); delete from job; end $$`, REFUSED],
    [`select query_to_xml('reset' || ' role', true, true, '')`, REFUSED],
    [`create function pg_temp.f() returns void language plpgsql as 'begin reset role; end'`, REFUSED],
    [`create or replace temp view pg_locks as select 1 as pid`, REFUSED],
  ])('is not sent, nor what comes after it: %s', async (text, code) => {
    const seed: Seed = async (client) => {
      await client.query(text);
      await client.query('delete from job');
    };
    await expect(provision('refused', 'rows', seed)).rejects.toMatchObject({ code });
    expect(await left()).toEqual(asBefore());
  });

  it.each([
    ['the tenant, by a function', 'select other_tenant()', SWITCH],
    ['the tenant, for that of nobody', 'reset all', SWITCH],
    ['the role, by a function', 'select nobody()', SWITCH],
    ['the role, by a text that is put together', `do $$ begin execute 're' || 'set role'; end $$`, SWITCH],
  ])('has left %s: nothing comes after it, and nothing of it stays', async (_, text, code) => {
    const swallowing: Seed = async (client) => {
      await client.query(`insert into job (title) values ('own')`);
      await client.query(text);
      await client.query('delete from job').catch(() => {});
    };
    await expect(provision('leaving', 'rows', swallowing)).rejects.toMatchObject({ code });
    await expect(provision('leaving', 'rows', async (client) => void (await client.query(text)))).rejects.toMatchObject(
      { code },
    );
    expect(await left()).toEqual(asBefore());
  });

  it.each(KINDS)('has its error said, whatever it tried before: %s', async (kind) => {
    const seed: Seed = async (client) => {
      await client.query(`insert into job (title) values ('own')`);
      await client.query('commit').catch(() => {});
      throw new Error('the third step failed');
    };
    await expect(provision('third', kind, seed)).rejects.toThrow('the third step failed');
    expect(await left()).toEqual(asBefore());
  });

  it('has its error said where it has committed behind our back, and the tenant is not let in', async () => {
    const seed: Seed = async (client) => {
      await client.query(`insert into job (title) values ('own')`);
      const { connection } = client as unknown as { connection: { sync(): void; stream: NodeJS.WritableStream } };
      const text = Buffer.from('commit\0');
      const head = Buffer.from([0x51, 0, 0, 0, text.length + 4]);
      connection.stream.write(Buffer.concat([head, text]));
      await sleep(100);
      throw new Error('the third step failed');
    };
    await expect(provision('behind', 'rows', seed)).rejects.toMatchObject({
      code: 'operation_failed',
      message: expect.stringMatching(/the third step failed\. What was written into the place had been committed/),
    });
    expect(await database.directory.findBySlug('behind')).toBeNull();
    const { directory } = database;
    await expect(abandonProvisioning({ directory, places: database.places(), slug: 'behind' })).rejects.toMatchObject({
      code: 'tenant_state_refused',
    });
    await provision('behind', 'rows', async () => {});
    await database.outside.query(`delete from job where title = 'own'`);
    before = await database.traces();
  });

  it('sends nothing after its end, nor what it did not wait for', async () => {
    let kept: ClientBase | undefined;
    const refusals: unknown[] = [];
    const hurried: Seed = async (client) => {
      kept = client;
      for (let n = 0; n < 5; n += 1) {
        client.query('delete from job', (error: Error | null) => refusals.push(error));
      }
      throw new Error('in a hurry');
    };
    await expect(provision('hurried', 'rows', hurried)).rejects.toThrow('in a hurry');
    await expect(kept?.query('delete from job')).rejects.toMatchObject({ code: 'connection_released' });
    await expect.poll(() => refusals.length).toBe(5);
    for (const error of refusals) expect(error).toMatchObject({ code: 'connection_released' });
    expect(await left()).toEqual(asBefore());
  });

  it.each(KINDS)('writes in every form that pg has, and with savepoints: %s', async (kind) => {
    const titles: string[] = [];
    const seed: Seed = async (client, { id }) => {
      await client.query('insert into job (tenant_id, title) values ($1, $2)', [id, 'values']);
      await client.query({ name: 'own', text: 'insert into job (title) values ($1)', values: ['named'] });
      await client.query({ name: 'own', text: 'insert into job (title) values ($1)', values: ['named again'] });
      await new Promise<void>((resolve, reject) => {
        client.query(`insert into job (title) values ('callback')`, (error: Error | null) =>
          error ? reject(error) : resolve(),
        );
      });
      await client.query('savepoint s');
      await expect(client.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
      await expect(client.query('select 1')).rejects.toMatchObject({ code: '25P02' });
      await client.query('rollback to savepoint s');
      await client.query('release s');
      await client.query(`do $$ begin insert into job (title) values ('block'); end $$`);
      await client.query(`select set_config('app.user_id', $1, true), set_config('app.note'::text, 'role', true)`, [
        'ann',
      ]);
      await client.query(`prepare counted as select count(*) from job`);
      await client.query('execute counted');
      if (kind === 'rows') {
        await client.query(`insert into person (role) values ('x')`);
        await client.query(`do $$ begin update person set role = 'admin' where role = 'x'; end $$`);
      }
      // Not waited for.
      void client.query(`insert into job (title) values ('late')`);
      const cursor = client.on('notice', () => {}).query(new Cursor<{ title: string }>('select title from job'));
      titles.push(...(await cursor.read(10)).map(({ title }) => title));
      await cursor.close();
    };
    const { id, status } = await provision(`forms-${kind}`, kind, seed);
    expect(status).toBe('active');
    expect(titles.sort()).toEqual(['block', 'callback', 'late', 'named', 'named again', 'values']);
    if (kind === 'rows') expect((await rows()).filter(({ tenant_id }) => tenant_id === id)).toHaveLength(6);
  });
});
