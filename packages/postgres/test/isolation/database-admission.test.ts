import type { Tenant } from '@tenancy/core';
import pg, { type PoolClient } from 'pg';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { forAllTests } from '../database/for-all-tests.js';
import { context, failureOf, openTenantDatabases, pause, type Recorded, record, titlesOf } from './database-fixture.js';

const HOUR = 3_600_000;

describe('databasePerTenant, when every place is taken', () => {
  const databases = forAllTests(() => openTenantDatabases(4));
  let acme: Tenant;
  let globex: Tenant;
  let initech: Tenant;

  beforeAll(async () => {
    [acme, globex, initech] = databases.tenants as [Tenant, Tenant, Tenant];
  });

  afterEach(() => void vi.useRealTimers());

  /** Time that passes only when it is told to, so that a busy machine is not late. */
  const stoppedClock = () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    return {
      pass: async (milliseconds: number) => {
        // Who has asked for a database is not in the queue at once.
        for (let turns = 0; turns < 10; turns += 1) await new Promise(setImmediate);
        vi.advanceTimersByTime(milliseconds);
      },
      goOn: () => vi.useRealTimers(),
    };
  };

  /** Callers who keep a database in use without a moment's rest, until stopped. */
  const crowd = ({ connect }: Recorded, tenant: Tenant) => {
    let isOpen = true;
    const visitor = async (delay: number) => {
      await pause(delay);
      while (isOpen) {
        const client = await connect(tenant);
        await client.query('select pg_sleep(0.02)');
        client.release();
      }
    };
    const visits = Promise.all([visitor(0), visitor(7), visitor(14)]);
    return async () => {
      isOpen = false;
      await visits;
    };
  };

  it('lets a caller in when a database is no longer used', async () => {
    const { isolation, connect, titles, log } = record(databases, { maxDatabases: 1, acquireTimeoutMillis: 600_000 });
    // Of which it needs no more than until the release.
    const held = await connect(acme);
    const waiting = titles(globex);
    await pause(20);
    expect(log).toEqual(['open acme']);
    held.release();
    expect(await waiting).toEqual(titlesOf(globex));
    expect(log).toEqual(['open acme', 'close acme', 'open globex']);
    await isolation.end?.();
  });

  it('counts a database that is being closed as open until its pool has ended', async () => {
    const { isolation, connect, titles, log, peak } = record(databases, { maxDatabases: 1, farewell: 40 });
    await titles(acme);
    await titles(globex);
    const held = await connect(globex);
    const waiting = titles(acme);
    held.release();
    await waiting;
    expect(peak()).toBe(1);
    expect(log).toEqual(['open acme', 'close acme', 'open globex', 'close globex', 'open acme']);
    await isolation.end?.();
    expect(log.at(-1)).toBe('close acme');
  });

  it("waits with a tenant's new pool until its old one has ended", async () => {
    const { isolation, connect, titles, log } = record(databases, { maxDatabases: 2, farewell: 40 });
    const held = await connect(globex);
    await titles(acme);
    // Closes acme's, which is asked for again while it is ending.
    const other = connect(initech);
    await pause(10);
    const own = titles(acme);
    held.release();
    (await other).release();
    expect(await own).toEqual(titlesOf(acme));
    expect(log.filter((line) => line.endsWith('acme'))).toEqual(['open acme', 'close acme', 'open acme']);
    await isolation.end?.();
  });

  it('lets callers in in the order they came, those of one tenant together', async () => {
    const { isolation, connect, titles, log } = record(databases, { maxDatabases: 1 });
    const held = await connect(acme);
    const waiting = [globex, initech, globex, initech, globex].map((tenant) =>
      context.run(tenant, async () => ({ tenant, titles: await titles(tenant), in: context.getStore() })),
    );
    await pause(20);
    context.run(acme, () => held.release());
    for (const { tenant, titles, in: own } of await Promise.all(waiting)) {
      expect(titles).toEqual(titlesOf(tenant));
      // C2: not the one of whoever gave the connection back.
      expect(own).toBe(tenant);
    }
    expect(log).toEqual(['open acme', 'close acme', 'open globex', 'close globex', 'open initech']);
    await isolation.end?.();
  });

  it("C6: makes pools in the context of whoever asked, which is nobody's, not of whoever gave a connection back", async () => {
    const { isolation } = record(databases, { maxDatabases: 1, connection: (tenant) => databases.urlOf(tenant) });
    const contexts: unknown[] = [];
    const noteContext = () => contexts.push(context.getStore());
    const connect = (tenant: Tenant) =>
      context.exit(() =>
        isolation.place(tenant).connect?.((config) => {
          noteContext();
          return new pg.Pool(config).on('connect', noteContext).on('remove', noteContext);
        }),
      ) as Promise<PoolClient>;
    const held = await connect(acme);
    const waiting = connect(globex);
    await pause(20);
    context.run(acme, () => held.release());
    const next = await waiting;
    context.run(globex, () => next.release());
    await context.run(globex, async () => isolation.end?.());
    expect(contexts).toEqual(Array.from({ length: 6 }, () => undefined));
  });

  it('sends a caller away who waited for too long, with what to do, and leaves nothing of it behind', async () => {
    const { isolation, connect, titles, log } = record(databases, { maxDatabases: 1, acquireTimeoutMillis: HOUR });
    const held = await connect(acme);
    const clock = stoppedClock();
    const waiting = Promise.all([failureOf(connect(globex)), failureOf(connect(globex))]);
    await clock.pass(HOUR);
    const [one, other] = await waiting;
    clock.goOn();
    expect(one).toMatchObject({ code: 'tenant_databases_exhausted' });
    expect(one.message).toContain('`maxDatabases`');
    expect(one.message).toContain('`acquireTimeoutMillis`');
    expect(one.message).not.toContain(globex.id);
    expect(other).toMatchObject({ code: 'tenant_databases_exhausted' });
    expect(await titles(acme)).toEqual(titlesOf(acme));
    held.release();
    // Nobody waits, so nothing is closed.
    await pause(20);
    expect(log).toEqual(['open acme']);
    expect(await titles(globex)).toEqual(titlesOf(globex));
    await isolation.end?.();
  });

  it('with a timeout of 0, fails at once when all are in use, and still closes one that is not', async () => {
    const { isolation, connect, titles, log } = record(databases, { maxDatabases: 1, acquireTimeoutMillis: 0 });
    const held = await connect(acme);
    expect(await failureOf(connect(globex))).toMatchObject({ code: 'tenant_databases_exhausted' });
    held.release();
    expect(await titles(globex)).toEqual(titlesOf(globex));
    expect(log).toEqual(['open acme', 'close acme', 'open globex']);
    await isolation.end?.();
  });

  it('lets a caller in although the open databases are never without users', async () => {
    const recorded = record(databases, { maxDatabases: 2, acquireTimeoutMillis: HOUR });
    const stop = [crowd(recorded, acme), crowd(recorded, globex)];
    await pause(100);
    const clock = stoppedClock();
    const waiting = recorded.titles(initech);
    await clock.pass(HOUR / 2);
    expect(await waiting).toEqual(titlesOf(initech));
    clock.goOn();
    expect(recorded.peak()).toBe(2);
    await Promise.all(stop.map((end) => end()));
    await recorded.isolation.end?.();
  });

  it('lets the users of a database go on when it made way for somebody who left', async () => {
    const { isolation, connect, titles, log } = record(databases, { maxDatabases: 1, acquireTimeoutMillis: HOUR });
    const held = await connect(acme);
    const clock = stoppedClock();
    const waiting = failureOf(connect(globex));
    await clock.pass(HOUR / 2);
    // The one who holds a connection asks for a second, as code in a transaction does.
    const second = titles(acme);
    await clock.pass(HOUR / 2);
    clock.goOn();
    expect(await second).toEqual(titlesOf(acme));
    expect(await waiting).toMatchObject({ code: 'tenant_databases_exhausted' });
    held.release();
    expect(log).toEqual(['open acme']);
    await isolation.end?.();
  });

  it('sends away at once, when it ends, those whose database is making way', async () => {
    const { isolation, connect } = record(databases, { maxDatabases: 1, acquireTimeoutMillis: HOUR });
    const held = await connect(acme);
    const clock = stoppedClock();
    const waiting = failureOf(connect(globex));
    await clock.pass(HOUR / 2);
    const newcomer = failureOf(connect(acme));
    await clock.pass(0);
    clock.goOn();
    const ended = isolation.end?.();
    expect(await newcomer).toMatchObject({ code: 'tenant_unplaceable' });
    expect(await waiting).toMatchObject({ code: 'tenant_unplaceable' });
    held.release();
    await ended;
  });

  it('serves everybody under a rush that is larger than what may be open', async () => {
    const { isolation, connect, titles, peak } = record(databases, { maxDatabases: 1, acquireTimeoutMillis: HOUR });
    const rush = Array.from({ length: 120 }, async (_, n) => {
      const tenant = databases.tenants[n % 4] as Tenant;
      await pause(Math.random() * 200);
      if (n % 10 === 0) {
        const client = await connect(tenant);
        await pause(Math.random() * 20);
        // C7: this one is closed, not reused.
        client.release(true);
      }
      expect(await titles(tenant)).toEqual(titlesOf(tenant));
    });
    await Promise.all(rush);
    expect(peak()).toBe(1);
    await isolation.end?.();
  });
});
