import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exportTenant, importTenant, type TenantPlace, tenantPlaces } from '../../src/tenants.js';
import { ArchiveFixture } from './archive-fixture.js';

const MAIN: TenantPlace = { server: 'main', kind: 'rows', name: null };

describe('a tenant in use, and roles and signals', () => {
  let fixture: ArchiveFixture;
  let file: string;

  beforeAll(async () => {
    fixture = await ArchiveFixture.start();
    await fixture.tenant('acme');
    await fixture.tenant('globex');
    file = await fixture.archive('acme');
  });

  afterAll(() => fixture.stop());
  afterEach(async () => expect((await fixture.files()).filter((name) => name.endsWith('.part'))).toEqual([]));

  const admin = () => fixture.moves.admin['main'] as pg.Client;
  const exported = (more: object = {}) => {
    const { directory, places } = fixture.moves;
    return exportTenant({ directory, places, tenant: 'acme', file: fixture.file('out.zip'), ...more });
  };

  it('is exported as one moment has it, while it is written to', async () => {
    let [isOver, written] = [false, 0];
    const writer = (async () => {
      while (!isOver) {
        written += 1;
        // Both or neither: who reads the tables one by one sees an item without its job, or a job without its item.
        await admin().query(`with one as (insert into job (tenant_id, title) values ('acme', 'busy ${written}') returning id)
          insert into item (tenant_id, job_id, body) select 'acme', id, 'busy' from one`);
      }
    })();
    for (let n = 0; n < 3; n += 1) {
      const busy = fixture.file(`busy-${n}.zip`);
      await exported({ file: busy });
      const { place } = await fixture.import(busy, `busy-${n}`, 'schema');
      const rows = await fixture.rows(place, `busy-${n}`);
      const [jobs, items] = ['job', 'item'].map(
        (table) => rows.filter((row) => row.startsWith(`${table} `) && row.includes('busy')).length,
      );
      expect(items).toBe(jobs);
    }
    isOver = true;
    await writer;
    expect(written).toBeGreaterThan(3);
    await admin().query(`set session_replication_role = replica; delete from item where body like 'busy%' and tenant_id = 'acme';
      delete from job where title like 'busy%' and tenant_id = 'acme'; set session_replication_role = origin`);
  });

  it('O33: goes on with the numbers that it had, and takes none from others', async () => {
    const next = async (sequence: string) =>
      Number((await admin().query(`select nextval('${sequence}') as next`)).rows[0].next);
    const at = await next('item_id_seq');
    const { place } = await fixture.import(file, 'numbers', 'schema');
    expect(await next(`${place.name}.item_id_seq`)).toBeGreaterThan(400);
    expect(await next(`${place.name}.item_id_seq`)).toBeLessThanOrEqual(at + 1);
    expect(await next(`${place.name}.ticket`)).toBe(
      Number((await fixture.manifestOf(file)).sequences.find(({ name }) => name === 'ticket')?.last) + 1,
    );
    const tickets = await next('ticket');
    await admin().query(`select setval('item_id_seq', 5, true)`);
    await fixture.import(file, 'numbers-2', 'rows');
    const most = await admin().query(`select max(id)::int as id from item where tenant_id = 'numbers-2'`);
    expect(await next('item_id_seq')).toBe(most.rows[0].id + 1);
    expect(await next('ticket')).toBe(tickets + 1);
    await admin().query(`select setval('item_id_seq', ${at + 1_000})`);
    await fixture.import(file, 'numbers-3', 'rows');
    expect(await next('item_id_seq')).toBe(at + 1_001);
    // Numbers that were written by hand, which the sequence knows nothing of; one of them it would never come to.
    const tenant = 'by-hand';
    await admin().query(
      `insert into job (tenant_id, id, title) overriding system value select '${tenant}', n, 'job ' || n from generate_series(70001, 70005) n`,
    );
    await fixture.moves.directory.create({ id: tenant, slug: tenant });
    const byHand = await fixture.archive(tenant);
    const { place: own } = await fixture.import(byHand, 'by-hand-2', 'schema');
    expect(await next(`${own.name}.job_id_seq`)).toBe(70_006);
  });

  it('is exported where it is active or suspended, and where it is at the end', async () => {
    const { directory } = fixture.moves;
    await directory.suspend('acme');
    await exported({ file: fixture.file('suspended.zip') });
    await directory.resume('acme');
    await expect(exported({ tenant: 'nobody' })).rejects.toMatchObject({ code: 'tenant_unknown' });
    let isMoved = false;
    const move = () => {
      if (!isMoved)
        moving.push(
          admin().query(
            `update tenancy.tenant set place = '{"server":"eu2","kind":"rows","name":null}' where id = 'acme'`,
          ),
        );
      isMoved = true;
    };
    const moving: Promise<unknown>[] = [];
    await expect(exported({ onProgress: move })).rejects.toMatchObject({
      code: 'operation_failed',
      message: expect.stringContaining('was moved while'),
    });
    await Promise.all(moving);
    await admin().query(
      `update tenancy.tenant set place = '{"server":"main","kind":"rows","name":null}', status = 'deleting' where id = 'acme'`,
    );
    await expect(exported()).rejects.toMatchObject({ code: 'tenant_state_refused' });
    await admin().query(`update tenancy.tenant set status = 'active' where id = 'acme'`);
    expect(await fixture.files()).not.toContain('out.zip');
  });

  it('is not exported over another file, into a folder that is not there, or with rows that are not its own', async () => {
    await expect(exported({ file })).rejects.toMatchObject({ code: 'archive_unwritable' });
    await expect(exported({ file: fixture.file('no/out.zip') })).rejects.toMatchObject({ code: 'archive_unwritable' });
    const { place } = await fixture.import(file, 'mixed', 'schema');
    await admin().query(`insert into ${place.name}.job (tenant_id, title) values ('globex', 'strange')`);
    await expect(exported({ tenant: 'mixed' })).rejects.toMatchObject({
      code: 'place_unusable',
      message: expect.stringContaining(
        '1 rows of "tenant_mixed"."job" are not the tenant\'s by their column "tenant_id"',
      ),
    });
    expect(await fixture.files()).not.toContain('out.zip');
  });

  it('ends by a signal, at every step, with nothing left', async () => {
    const before = await fixture.traces();
    for (const at of ['first', 'job', 'visit', 'setting']) {
      const stop = new AbortController();
      const onProgress = ({ table }: { table: string }) =>
        (table === at || at === 'first') && stop.abort(new Error('enough'));
      await expect(exported({ signal: stop.signal, onProgress })).rejects.toMatchObject({
        code: 'operation_interrupted',
      });
    }
    await expect(exported({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'operation_interrupted' });
    expect(await fixture.files()).not.toContain('out.zip');
    for (const step of ['read', 'write', 'job', 'check'] as const) {
      const stop = new AbortController();
      const onProgress = (progress: { step: string; table?: string }) =>
        [progress.step, progress.table].includes(step) && stop.abort(new Error('enough'));
      for (const kind of ['rows', 'database'] as const) {
        await expect(
          fixture.import(file, 'stopped', kind, 'main', { signal: stop.signal, onProgress }),
        ).rejects.toMatchObject({ code: 'operation_interrupted' });
      }
    }
    expect(await fixture.traces()).toEqual(before);
    await fixture.import(file, 'stopped', 'database');
  });

  it('needs no superuser, and says which rights a role lacks', async () => {
    const role = `${fixture.moves.role}_owner`;
    await admin().query(`create role ${role} login password 'own' bypassrls; grant ${fixture.moves.role} to ${role} with admin option;
      grant create, temp on database ${new URL(fixture.urlOf('main')).pathname.slice(1)} to ${role}; grant all on schema public, tenancy to ${role};
      grant all on all tables in schema public, tenancy to ${role}; grant all on all sequences in schema public, tenancy to ${role}`);
    try {
      const url = Object.assign(new URL(fixture.urlOf('main')), { username: role, password: 'own' }).href;
      const { directory, places: usual } = fixture.moves;
      const { migrations } = usual;
      const places = tenantPlaces({
        servers: { main: { connection: url } },
        role: fixture.moves.role,
        migrations,
        policies: { shared: ['country'] },
      });
      const given = { directory, places, file: fixture.file('owned.zip') };
      await exportTenant({ ...given, tenant: 'acme' });
      const tenant = { id: 'owned', slug: 'owned' };
      await expect(importTenant({ ...given, tenant })).rejects.toMatchObject({
        code: 'place_unusable',
        message: expect.stringContaining('GRANT SET ON PARAMETER'),
      });
      await admin().query(`grant set on parameter session_replication_role to ${role}`);
      const { rows } = await importTenant({ ...given, tenant });
      expect(rows).toBe((await fixture.rows(MAIN, 'acme')).length);
      await admin().query(`alter role ${role} nobypassrls`);
      await expect(exportTenant({ ...given, tenant: 'acme', file: fixture.file('held.zip') })).rejects.toMatchObject({
        code: 'place_unusable',
        message: expect.stringContaining('BYPASSRLS'),
      });
      await expect(importTenant({ ...given, tenant: { id: 'held', slug: 'held' } })).rejects.toMatchObject({
        code: 'place_unusable',
        message: expect.stringContaining('BYPASSRLS'),
      });
    } finally {
      await admin().query(`drop owned by ${role}; drop role ${role}`);
    }
  });
});
