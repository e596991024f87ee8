import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  abandonMove,
  finishMove,
  isTenantFenced,
  isTenantsError,
  type MoveProgress,
  moveTenant,
  type PlaceKind,
  tenantPlaces,
} from '../../src/tenants.js';
import { connected, MoveFixture } from './move-fixture.js';

describe('a move that cannot be', () => {
  let fixture: MoveFixture;
  let main: pg.Client;
  let eu2: pg.Client;

  beforeAll(async () => {
    fixture = await MoveFixture.start();
    [main, eu2] = [fixture.admin['main'], fixture.admin['eu2']] as [pg.Client, pg.Client];
    fixture.databaseOf('a');
    await fixture.tenant('a');
    await fixture.tenant('b');
  });

  afterEach(async () => {
    expect((await fixture.directory.get('a')).place).toEqual({ server: 'main', kind: 'rows', name: null });
    expect([...(await fixture.left('main')), ...(await fixture.left('eu2'))]).toEqual([]);
    await main.query(`update job set title = title where tenant_id = 'a'`);
  });

  afterAll(() => fixture.stop());

  const options = () => ({ directory: fixture.directory, places: fixture.places, tenant: 'a' });
  const move = (server: string, kind: PlaceKind, more: object = {}) =>
    moveTenant({ ...options(), to: { server, kind }, ...more });

  /** Ends the move when it comes to a step. */
  const until = async (step: MoveProgress['step'], server: string, kind: PlaceKind) => {
    const end = new AbortController();
    const onProgress = (progress: MoveProgress) => {
      if (progress.step === step) end.abort();
    };
    await expect(move(server, kind, { onProgress, signal: end.signal })).rejects.toSatisfy((error) =>
      isTenantsError(error, 'operation_interrupted'),
    );
  };

  const refused = async (work: Promise<unknown>, code: string, message: RegExp) => {
    await expect(work).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  };

  it('is refused before anything is done, where the tenant is there, or somebody else is', async () => {
    await refused(move('main', 'rows'), 'tenant_state_refused', /there already/);
    const { rows, to, tables } = await move('main', 'schema', { dryRun: true });
    expect({ rows, to, count: tables.length }).toEqual({
      ...{ rows: 501, count: 4 },
      to: { server: 'main', kind: 'schema', name: 'tenant_a' },
    });
    await refused(move('us1', 'rows'), 'place_unknown', /us1/);
    await refused(
      moveTenant({ ...options(), tenant: 'x', to: { server: 'main', kind: 'schema' } }),
      'tenant_unknown',
      /no such/,
    );
    await main.query('create schema tenant_a; create table tenant_a.kept ()');
    await refused(move('main', 'schema'), 'place_unusable', /tenant_a/);
    await main.query('drop table tenant_a.kept; drop schema tenant_a');
    await eu2.query(`insert into note values (1, 'a')`);
    await refused(move('eu2', 'rows'), 'place_unusable', /rows of this tenant/);
    await eu2.query('delete from note');
    await main.query('create table public.keyless (tenant_id text not null)');
    await refused(move('main', 'schema'), 'place_unusable', /no primary key/);
    await main.query('drop table public.keyless');
    await refused(finishMove(options()), 'tenant_state_refused', /no move/);
    await refused(abandonMove(options()), 'tenant_state_refused', /no move/);
  });

  it('is refused where triggers cannot be switched off, or rows are hidden from the role', async () => {
    const role = `${fixture.role}_mover`;
    await main.query(`create role ${role} login bypassrls password 'x'; grant ${fixture.role} to ${role};
      grant all on all tables in schema public to ${role}; grant create on database ${fixture.databases[0]?.name} to ${role}`);
    const connection = Object.assign(new URL(fixture.databases[0]?.url as string), {
      username: role,
      password: 'x',
    }).href;
    const { role: app, migrations, policies } = fixture.places;
    const places = tenantPlaces({
      servers: { main: { connection } },
      role: app,
      migrations,
      policies: { shared: policies.shared ?? [] },
    });
    await refused(move('main', 'schema', { places }), 'place_unusable', /GRANT SET ON PARAMETER/);
    await main.query(`alter role ${role} nobypassrls`);
    await refused(move('main', 'schema', { places }), 'place_unusable', /BYPASSRLS/);
    await main.query(`drop owned by ${role}; drop role ${role}`);
  });

  it('is refused where a trigger would fire for rows that are copied, and where the place is not known to be its own', async () => {
    for (const [client, name] of [
      [main, 'main'],
      [eu2, 'eu2'],
    ] as const) {
      await client.query('alter table item enable always trigger stamp');
      await refused(move('eu2', 'rows'), 'place_unusable', /"stamp" of item is ENABLE ALWAYS/);
      await client.query('alter table item enable trigger stamp');
      expect(await fixture.left(name)).toEqual([]);
    }
    await main.query('create schema warehouse; create table warehouse.stock (id int primary key)');
    const place = JSON.stringify({ server: 'main', kind: 'schema', name: 'warehouse' });
    const before = (await main.query(`update tenancy.tenant set place = $1 where id = 'a' returning id`, [place]))
      .rowCount;
    expect(before).toBe(1);
    await refused(move('main', 'rows'), 'place_unusable', /"warehouse".*no migration has been applied there/s);
    await main.query(
      `update tenancy.tenant set place = '{"server": "main", "kind": "rows", "name": null}' where id = 'a'; drop schema warehouse cascade`,
    );
  });

  it("overwrites no row of another tenant's that has the same key", async () => {
    await main.query(`insert into note values (1, 'a', 'of a')`);
    await eu2.query(`insert into note values (1, 'b', 'of b')`);
    await refused(move('eu2', 'rows'), 'place_unusable', /note_pkey of note/);
    await abandonMove(options());
    expect((await eu2.query('select * from note')).rows).toEqual([{ id: 1, tenant_id: 'b', body: 'of b' }]);
    await main.query('delete from note');
    await eu2.query('delete from note');
  });

  it("O36: removes nothing at the old place that another tenant's row refers to", async () => {
    await main.query(`insert into note values (1, 'a', 'of a')`);
    await move('main', 'schema');
    await main.query(`create table remark (id int primary key, tenant_id text not null, note int references note on delete cascade);
      insert into remark values (1, 'b', 1)`);
    await refused(finishMove(options()), 'place_unusable', /"remark" that are not this tenant's/);
    expect((await main.query('select from remark join note on note.id = remark.note')).rowCount).toBe(1);
    await main.query('drop table remark');
    await finishMove(options());
    expect((await main.query('select from note')).rowCount).toBe(0);
    await main.query('create view public.seen as select * from tenant_a.note');
    await move('main', 'rows');
    await refused(finishMove(options()), 'place_unusable', /view seen/);
    await main.query('drop view seen');
    await finishMove(options());
    await main.query('delete from note');
  });

  it('O36: finds rows that refer to what is not there', async () => {
    await eu2.query(`delete from country where code = 'de'`);
    await refused(move('eu2', 'rows'), 'place_unusable', /"job_country_fkey"/);
    await abandonMove(options());
    await eu2.query(`insert into country values ('de')`);
  });

  it('compares both sides before the switch', async () => {
    for (const wrong of [
      `update tenant_a.item set at = at + interval '1 microsecond' where id = (select min(id) from tenant_a.item)`,
      'delete from tenant_a.visit where id = 7',
      'insert into tenant_a.visit select * from tenant_a.visit limit 0; insert into tenant_a.visit (tenant_id, day, id) values ($$a$$, $$2026-01-01$$, 7777)',
    ]) {
      await until('check', 'main', 'schema');
      await main.query(wrong);
      await refused(move('main', 'schema'), 'operation_failed', /both sides differ.*(item|visit)/s);
      await abandonMove(options());
    }
  });

  it('compares both sides again while writers are stopped', async () => {
    await until('check', 'main', 'schema');
    const writer = await connected(fixture.databases[0]?.url as string);
    await writer.query(`begin; update job set title = title where tenant_id = 'a' and title = 'job 1'`);
    let written: Promise<unknown> | undefined;
    const onProgress = ({ step }: MoveProgress) => {
      if (step !== 'stop') return;
      // Past the log, while the stop waits for the writer.
      const past = `begin; set local session_replication_role = replica; update visit set id = id + 1000 where tenant_id = 'a' and id = 3; commit`;
      written ??= main.query(past).then(() => writer.query('commit'));
    };
    await refused(
      move('main', 'schema', { onProgress, longestStopMillis: 30_000 }),
      'operation_failed',
      /both sides differ.*visit/s,
    );
    await written;
    await writer.end();
    await abandonMove(options());
  });

  it('keeps what is noted until the target has it', async () => {
    await until('check', 'main', 'schema');
    await main.query(`create function tenant_a.fail() returns trigger language plpgsql as $$ begin raise 'not now'; end $$;
      create trigger fail before insert on tenant_a.job for each row execute function tenant_a.fail(); alter table tenant_a.job enable replica trigger fail;
      update job set title = 'noted' where tenant_id = 'a' and title = 'job 9'`);
    await refused(move('main', 'schema'), 'operation_failed', /P0001/);
    await main.query('drop function tenant_a.fail() cascade');
    await move('main', 'schema');
    expect((await main.query(`select from tenant_a.job where title = 'noted'`)).rowCount).toBe(1);
    await finishMove(options());
    await move('main', 'rows');
    await finishMove(options());
  });

  it('gives up behind a transaction that is open for longer, names it, and goes on later', async () => {
    await until('check', 'main', 'schema');
    const client = await connected(fixture.databases[0]?.url as string);
    await client.query(
      `set application_name = 'a long report'; begin; update job set title = title where tenant_id = 'a' and title = 'job 1'`,
    );
    await refused(move('main', 'schema', { longestStopMillis: 100 }), 'operation_failed', /"a long report"/);
    await main.query(`update job set title = title where tenant_id = 'a' and title <> 'job 1'`);
    await client.query('commit');
    await client.end();
    await refused(move('main', 'database'), 'operation_differs', /schema/);
    await refused(finishMove(options()), 'tenant_state_refused', /not moved yet/);
    await refused(
      fixture.directory.get('a').then(() => abandonMove({ ...options(), tenant: 'b' })),
      'tenant_state_refused',
      /no move/,
    );
    const { to } = await move('main', 'schema');
    expect(await move('main', 'schema')).toMatchObject({ to });
    await refused(abandonMove(options()), 'tenant_state_refused', /in its new place already/);
    await expect(main.query(`update public.job set title = title where tenant_id = 'a'`)).rejects.toSatisfy(
      isTenantFenced,
    );
    await finishMove(options());
    await move('main', 'rows');
    await finishMove(options());
  });
});
