import { randomBytes } from 'node:crypto';
import type { ClientBase } from 'pg';
import { describe, expect, it } from 'vitest';
import type { PlaceKind } from '../../src/isolation/tenant-place.js';
import { eachDatabase, eachSchema, migrationStatus, sqlFiles } from '../../src/migrations.js';
import { type MakePlaceOptions, makePlace } from '../../src/tenants/provision/make-place.js';
import type { PlaceRecord } from '../../src/tenants/provision/place-record.js';
import { forAllTests } from '../database/for-all-tests.js';
import { servers } from '../database/servers.js';
import { openProvisionDatabase, withDatabase } from './provision-database.js';

describe.each(servers)('the place of a new tenant $title', (server) => {
  const database = forAllTests(() => openProvisionDatabase(server));

  /** A place of a new tenant, and what is written of it. */
  const begin = (kind: PlaceKind, more: Partial<MakePlaceOptions> = {}) => {
    const id = randomBytes(5).toString('hex');
    const tenant = { id, slug: id };
    const places = more.places ?? database.places();
    const place = places.placeFor(tenant, { server: 'main', kind });
    const written: PlaceRecord[] = [];
    const make = (again: Partial<MakePlaceOptions> = {}) =>
      makePlace({
        ...{ places, tenant, place, record: written.at(-1) ?? {} },
        write: async (record) => void written.push(record),
        ...more,
        ...again,
      });
    return { tenant, place, written, make };
  };
  const seed = async (client: ClientBase) => void (await client.query(`insert into job (title) values ('first')`));

  it.each<PlaceKind>(['schema', 'database'])(
    'O32: is made under its own name in one transaction, and nothing in it leads to another: %s',
    async (kind) => {
      const { tenant, place, make } = begin(kind, { within: seed });
      await make();
      const client = await database.app(kind === 'database' ? (place.name as string) : undefined);
      try {
        if (kind === 'schema') await client.query(`set search_path to "${place.name}"`);
        await client.query(`select set_config('app.tenant_id', $1, false)`, [tenant.id]);
        await client.query(`insert into job (title) values ('second'); insert into receipt default values`);
        const { rows } =
          await client.query(`select job_count(), own_count(), next_ticket(), min(mood::text) as mood, min(tenant_id) as tenant,
          (select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = 'receipt'::regclass and adnum = 1) as ticket,
          enum_range(null::mood)::text as moods from job`);
        const moods = { mood: 'calm', moods: '{glad,calm,sad}' };
        const ticket = { next_ticket: '2', ticket: `nextval('ticket'::regclass)` };
        expect(rows).toEqual([{ job_count: '2', own_count: '2', tenant: tenant.id, ...moods, ...ticket }]);
      } finally {
        await client.end();
      }
      const targets = {
        connection: database.url,
        targets: eachSchema({ tenants: [tenant], name: () => place.name as string, role: database.role }),
      };
      const { databases } = {
        databases: eachDatabase({ tenants: [tenant], connection: () => withDatabase(database.url, place.name) }),
      };
      const status = await migrationStatus({
        directory: database.folder,
        ...(kind === 'schema' ? targets : { targets: databases }),
      });
      expect(status).toMatchObject({ current: 1, behind: [] });
    },
  );

  it.each<PlaceKind>(['rows', 'schema', 'database'])('leaves no trace where it fails: %s', async (kind) => {
    const before = await database.traces();
    const within = async (client: ClientBase) => {
      await seed(client);
      throw new Error('no more seats');
    };
    await expect(begin(kind, { within }).make()).rejects.toThrow('no more seats');
    const swallows = async (client: ClientBase) => void (await client.query('select 1 / 0').catch(() => {}));
    await expect(begin(kind, { within: swallows }).make()).rejects.toThrow(/operation_failed.*ended that transaction/s);
    const commits = async (client: ClientBase) => void (await client.query('rollback; begin'));
    await expect(begin(kind, { within: commits }).make()).rejects.toThrow(/operation_failed/);
    const stopped = begin(kind, { signal: AbortSignal.abort() });
    await expect(stopped.make()).rejects.toThrow(/operation_interrupted/);
    expect(await database.traces()).toEqual(before);
  });

  it.each<PlaceKind>(['schema', 'database'])('O12: is never one that is there already: %s', async (kind) => {
    const { place, make } = begin(kind);
    await database.outside.query(`create ${kind} "${place.name}"`);
    await expect(make()).rejects.toThrow(/place_unusable.*already/s);
    // Not even where the record of an earlier call is there: this one has no token of ours.
    await expect(make({ record: { token: 1_234_567_890 } })).rejects.toThrow(/place_unusable/);
    await database.outside.query(`drop ${kind} "${place.name}"`);
    await make();
  });

  it.each<PlaceKind>(['rows', 'schema', 'database'])('is there once, whoever asks again: %s', async (kind) => {
    let runs = 0;
    const { written, make } = begin(kind, {
      within: async (client) => {
        runs += 1;
        await seed(client);
      },
    });
    await make();
    await make();
    expect(runs).toBe(1);
    // What was not committed is not there.
    const { transaction, ...rest } = written.at(-1) as PlaceRecord;
    const client = await database.outside.connect();
    const { rows } = await client
      .query('begin; select pg_current_xact_id()::text as id')
      .then((all) => (all as unknown as { rows: { id: string }[] }[])[1] ?? { rows: [] });
    const again = make({ record: { ...rest, transaction: rows[0]?.id as string } });
    await client.query('rollback');
    client.release();
    if (kind === 'rows') await again;
    else await expect(again).rejects.toThrow(/place_unusable/);
    expect(transaction).toMatch(/^[0-9]+$/);
  });

  it('drops a half-made database of its own, and opens the whole one to the application alone', async () => {
    const { place, written, make } = begin('database', { within: seed });
    const token = 1_111_222_333;
    await database.outside.query(`create database "${place.name}" connection limit ${token}`);
    written.push({ token });
    await make();
    const { rows } = await database.outside.query(
      `select datconnlimit as limit, array(select coalesce(r.rolname, 'public') from aclexplode(datacl) a left join pg_roles r on r.oid = a.grantee
        where r.rolname is null or not r.rolsuper)::text as who from pg_database where datname = $1`,
      [place.name],
    );
    expect(rows).toEqual([{ limit: -1, who: `{${database.role}}` }]);
  });

  it('refuses shared tables that are behind', async () => {
    const migrations = {
      read: async () => [
        ...(await sqlFiles(database.folder).read()),
        { name: '9_more.sql', sql: 'create table more (id int)' },
      ],
    };
    await expect(begin('rows', { places: database.places({ migrations }) }).make()).rejects.toThrow(
      /place_unusable: the shared tables lack 9_more.sql/,
    );
  });
});
