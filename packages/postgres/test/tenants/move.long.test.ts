import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finishMove, moveTenant, type PlaceKind } from '../../src/tenants.js';
import { MoveFixture } from './move-fixture.js';
import { Writers } from './move-writers.js';

/** Each kind of place from each other one, on both servers. */
const WAY: readonly (readonly [string, PlaceKind])[] = [
  ['main', 'schema'],
  ['main', 'database'],
  ['eu2', 'schema'],
  ['eu2', 'database'],
  ['eu2', 'rows'],
  ['main', 'database'],
  ['main', 'rows'],
  ['eu2', 'rows'],
  ['main', 'schema'],
  ['main', 'rows'],
];

describe('moveTenant', () => {
  let fixture: MoveFixture;

  beforeAll(async () => {
    fixture = await MoveFixture.start();
    fixture.databaseOf('a');
    await fixture.tenant('a');
    await fixture.tenant('b');
    await fixture.tenant('c', { server: 'eu2', kind: 'rows', name: null });
  });

  afterAll(() => fixture.stop());

  const moved = async (server: string, kind: PlaceKind) => {
    const { directory, places } = fixture;
    const result = await moveTenant({ directory, places, tenant: 'a', to: { server, kind } });
    await finishMove({ directory, places, tenant: 'a' });
    return result;
  };

  it('O35: takes all rows along from everywhere to everywhere, of every type, and leaves nothing behind', async () => {
    const { directory } = fixture;
    const main = { server: 'main', kind: 'rows', name: null } as const;
    const before = await fixture.rowsAt('a', main);
    const others = await fixture.rowsAt('b', main);
    expect(before).toHaveLength(501);
    for (const [server, kind] of WAY) {
      const { from, to, rows } = await moved(server, kind);
      expect(rows).toBe(501);
      expect((await directory.get('a')).place).toEqual(to);
      expect(await fixture.rowsAt('a', to)).toEqual(before);
      if (from.kind === 'rows') expect(await fixture.rowsAt('a', from)).toEqual([]);
      const left = [...(await fixture.left('main')), ...(await fixture.left('eu2'))];
      expect(left).toEqual(kind === 'rows' ? [] : ['tenant_a']);
    }
    expect(await fixture.rowsAt('b', main)).toEqual(others);
  });

  it('O33: brings sequences along, and none that others share back', async () => {
    const next = async (server: string, schema: string) => {
      const { rows } = await (fixture.admin[server] as pg.Client).query(
        `select nextval('${schema}.item_id_seq')::int as next`,
      );
      return rows[0].next;
    };
    const before = await next('main', 'public');
    await moved('main', 'schema');
    const own = await next('main', 'tenant_a');
    expect(own).toBe(before + 1);
    await (fixture.admin['main'] as pg.Client).query(`select setval('tenant_a.item_id_seq', ${own + 50_000})`);
    for (let n = 0; n < 3; n += 1) await next('main', 'public');
    await moved('main', 'rows');
    expect(await next('main', 'public')).toBe(own + 50_001);
    await moved('main', 'schema');
    for (let n = 0; n < 3; n += 1) await next('main', 'public');
    await moved('main', 'rows');
    expect(await next('main', 'public')).toBe(own + 50_005);
  });

  it('lets nobody beside it read its schema by its full name, and a process that starts then finds nothing open', async () => {
    await moved('main', 'schema');
    const started = fixture.pool(1);
    const seen = async (id: string) =>
      (await fixture.as(id, () => started.query('select count(*)::int as n from tenant_a.job'))).rows[0].n;
    expect(await seen('a')).toBeGreaterThan(0);
    expect(await seen('b')).toBe(0);
    await moved('main', 'rows');
  });

  it('keeps nobody from starting while a tenant is moved, and before the move is finished', async () => {
    const started: Promise<unknown>[] = [];
    const start = () =>
      started.push(fixture.as('b', () => fixture.pool(1).query('select from job')).catch((error: Error) => error));
    const { directory, places } = fixture;
    const to = { server: 'main', kind: 'schema' } as const;
    await moveTenant({ directory, places, tenant: 'a', to, onProgress: start });
    await Promise.all(started);
    start();
    expect((await Promise.all(started)).filter((answer) => answer instanceof Error)).toEqual([]);
    expect(started.length).toBeGreaterThan(5);
    await finishMove({ directory, places, tenant: 'a' });
    await moved('main', 'rows');
  });

  it('loses no write of a tenant that is used meanwhile, and others go on', async () => {
    const [own, others] = [new Writers(fixture, 'a'), new Writers(fixture, 'b')];
    let longest = 0;
    for (const [server, kind] of WAY) {
      const { stopMillis, rounds } = await moved(server, kind);
      expect(rounds).toBeGreaterThan(1);
      longest = Math.max(longest, stopMillis);
    }
    await Promise.all([own.stop(), others.stop()]);
    expect(own.acknowledged).toBeGreaterThan(100);
    // Who is refused tries again after a moment.
    expect(longest).toBeLessThan(own.longestStop + 1_000);
    expect(await own.lost()).toEqual([]);
    expect(await others.lost()).toEqual([]);
    expect(others.refusals).toBe(0);
  }, 600_000);
});
