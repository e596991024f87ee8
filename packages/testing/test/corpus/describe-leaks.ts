import { inspect } from 'node:util';
import type { Tenant } from '@tenancy/core';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Entrance } from '../../src/discovery/entrance.js';
import { createIsolationHarness, type IsolationHarness } from '../../src/index.js';
import { createTestDatabase, type MigratedDatabase, rowsFromPostgres } from '../../src/postgres.js';
import { IsolationProof, proveIsolation } from '../../src/proof/isolation-proof.js';
import type { AttackName, EntranceResult } from '../../src/report/isolation-report.js';
import { ATTACK_NAMES } from '../../src/report/verdict-signs.js';
import { acme, globex, hiringApplication, leakyParts, tokenOf } from './hiring-application.js';
import type { Leak, Parts, Scene, Twins } from './leak.js';
import { createTables, type PlantedHiring, plantHiring, TABLES } from './tables.js';

/** Every leak is caught, by name, at its entrance, and the correct twin has none. */
export function describeLeaks(twins: Twins): void {
  describe(twins.about, () => {
    const running = applicationsOf(twins);
    tryByHand(twins, running);
    prove(twins, running);
  });
}

/** Every leak is one, and the correct twin has none, as far as an attack by hand can tell. */
export function describeByHand(twins: Twins): void {
  describe(twins.about, () => tryByHand(twins, applicationsOf(twins)));
}

export type Running = <R>(parts: Parts, work: (harness: IsolationHarness) => Promise<R>) => Promise<R>;

/** One application at a time, each in an empty database. */
export function applicationsOf({ tenants: [first, second] = [acme, globex], isLinked = false, host }: Twins): Running {
  let database: MigratedDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await createTestDatabase({ migrate: createTables });
    pool = new pg.Pool({ connectionString: database.url, max: 8 });
  });
  afterAll(async () => {
    await pool.end();
    await database.stop();
  });

  return async (parts, work) => {
    const harness = await createIsolationHarness(hiringApplication(pool, parts, [first, second]), {
      tenants: { acme: first, globex: second },
      signIn: tokenOf,
      seed: (tenant, planting) => plantHiring(pool, tenant, planting, isLinked),
      rows: rowsFromPostgres(database.url, { tenantColumn: 'tenant_id', tables: TABLES }),
      clean: async ({ id }) => {
        for (const table of TABLES) await pool.query(`delete from ${table} where tenant_id = $1`, [id]);
      },
      events: { milliseconds: 100 },
      ...(host && { host: () => host }),
      ...(parts.configure && { configure: parts.configure }),
      ...(parts.started && { prepare: parts.started }),
    });
    try {
      return await work(harness);
    } finally {
      await harness.clean();
      await harness.close();
    }
  };
}

function tryByHand({ correct, leaks }: Twins, running: Running): void {
  it('is correct in the one twin, tried by hand', () =>
    running(correct, async (harness) => {
      const leaking = [];
      for (const leak of leaks) {
        for (const tenant of harness.tenants) await harness.plant(tenant);
        if (await leak.byHand(sceneOf(harness))) leaking.push(leak.name);
      }
      expect(leaking).toEqual([]);
    }));

  it.each(leaks)('leaks in the other, tried by hand: $name', (leak: Leak) =>
    running(leakyParts(correct, leak), async (harness) => {
      expect(harness.entrances.map(({ id }) => id)).toContain(leak.entrance);
      expect(await leak.byHand(sceneOf(harness))).toBe(true);
    }),
  );
}

function prove({ correct, examples = {}, leaks }: Twins, running: Running): void {
  it('is proven in the one twin, at every entrance', () =>
    running(correct, async (harness) => {
      const report = await proveIsolation(harness, { examples });
      expect(report.entrances.flatMap(notProven)).toEqual([]);
      expect(report.verdict).toBe('isolated');
      expect(report.rowsLeft).toEqual({});
    }));

  it.each(leaks)('is caught in the other: $name', (leak: Leak) =>
    running(leakyParts(correct, leak), async (harness) => {
      const given = Object.entries(examples).filter(([id]) => harness.entrances.some((each) => each.id === id));
      const proof = new IsolationProof(harness, {
        examples: Object.fromEntries(given),
        exempt: { [leak.entrance]: othersThan(leak) },
      });
      const entrance = harness.entrances.find(({ id }) => id === leak.entrance) as Entrance;
      const { verdict, attacks } = await proof.prove(entrance);
      const leaking = attacks.filter((each) => each.verdict === 'leaks').map(({ attack }) => attack);
      expect(leaking, inspect(attacks.map((each) => [each.attack, each.verdict, each.why]))).toEqual(
        expect.arrayContaining([...(leak.caughtBy ?? [])]),
      );
      expect(verdict).toBe('leaks');
    }),
  );
}

/** Every other attack: it takes time, and proves nothing more. */
function othersThan({ caughtBy }: Leak): Partial<Record<AttackName, string>> {
  if (!caughtBy) return {};
  const others = ATTACK_NAMES.filter((name) => name !== 'own' && !caughtBy.includes(name));
  return Object.fromEntries(others.map((name) => [name, 'not looked at here']));
}

function notProven({ entrance: { id }, verdict, why, attacks }: EntranceResult): string[] {
  if (verdict === 'proven') return [];
  const failed = attacks.filter((each) => each.verdict === 'leaks' || each.verdict === 'unproven');
  return [`${id}: ${why ?? failed.map((each) => `${each.attack} ${each.verdict}: ${each.why}`).join('; ')}`];
}

function sceneOf(harness: IsolationHarness): Scene {
  const [acme, globex] = harness.tenants as [Tenant, Tenant];
  const rows = harness.rowsOf as NonNullable<IsolationHarness['rowsOf']>;
  return {
    harness,
    acme: harness.as(acme),
    globex: harness.as(globex),
    ours: harness.planted(acme) as PlantedHiring,
    theirs: harness.planted(globex) as PlantedHiring,
    plantTheirs: async () => (await harness.plant(globex)) as PlantedHiring,
    shows: (...seen) => {
      const texts = harness.canaries.of(globex).filter(({ value }) => value.startsWith('canary-'));
      const text = inspect(seen, { depth: 10, maxStringLength: null, maxArrayLength: null });
      return texts.some(({ value }) => text.includes(value));
    },
    harms: async (work) => {
      const before = await rows(globex);
      await work();
      return inspect(before, { depth: 5 }) !== inspect(await rows(globex), { depth: 5 });
    },
  };
}
