import type { Tenant } from '@tenancy/core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { isTenantFloorError } from '../../src/errors/tenant-floor-error.js';
import { databasePerTenant } from '../../src/isolation/database-per-tenant.js';
import { forAllTests } from '../database/for-all-tests.js';
import { context, failureOf, openTenantDatabases, POLL, pause, record, titlesOf } from './database-fixture.js';

describe('databasePerTenant', () => {
  const databases = forAllTests(() => openTenantDatabases(6));
  let acme: Tenant;
  let globex: Tenant;
  let initech: Tenant;

  beforeAll(async () => {
    [acme, globex, initech] = databases.tenants as [Tenant, Tenant, Tenant];
  });

  /** The databases that the server has connections to. */
  const connected = async (applicationName: string): Promise<number> => {
    const { rows } = await databases.outside.query<{ databases: number }>(
      'select count(distinct datname)::int as databases from pg_stat_activity where application_name = $1',
      [applicationName],
    );
    return rows[0]?.databases ?? Number.NaN;
  };

  it('places a tenant in its own database, its id in the setting', async () => {
    const { isolation, titles } = record(databases);
    expect(isolation).toMatchObject({ strategy: 'database-per-tenant', setting: 'app.tenant_id' });
    expect(isolation.place(acme)).toMatchObject({ settings: [['app.tenant_id', acme.id]], ownsTables: true });
    for (const tenant of databases.tenants) expect(await titles(tenant)).toEqual(titlesOf(tenant));
    await isolation.end?.();
  });

  it('gives 200 interleaved callers their own rows in their own context, with two databases open at most', async () => {
    const { isolation, titles, peak, applicationName, log } = record(databases, {
      maxDatabases: 2,
      maxConnectionsPerDatabase: 2,
      acquireTimeoutMillis: 50_000,
    });
    let working = true;
    let most = 0;
    const sampling = (async () => {
      while (working) most = Math.max(most, await connected(applicationName));
    })();
    await Promise.all(
      Array.from({ length: 200 }, (_, n) => {
        const tenant = databases.tenants[(n * 7) % 6] as Tenant;
        return context.run(tenant, async () => {
          await pause(Math.random() * 500);
          expect(await titles(tenant)).toEqual(titlesOf(tenant));
          expect(context.getStore()).toBe(tenant);
        });
      }),
    );
    working = false;
    await sampling;
    expect(peak()).toBe(2);
    expect(most).toBe(2);
    await isolation.end?.();
    // Each of the six was opened and closed.
    expect(new Set(log).size).toBe(12);
    expect(await connected(applicationName)).toBe(0);
  });

  it('counts a database until the server has no connection to it', async () => {
    const { isolation, titles, applicationName } = record(databases, { maxDatabases: 1 });
    for (const tenant of [...databases.tenants, ...databases.tenants]) {
      await titles(tenant);
      expect(await connected(applicationName)).toBe(1);
    }
    await isolation.end?.();
    expect(await connected(applicationName)).toBe(0);
  });

  it('opens one pool for 50 callers who come at once, and asks once where it is', async () => {
    const connection = vi.fn(async (tenant: Tenant) => databases.urlOf(tenant));
    const { isolation, titles, log } = record(databases, { connection });
    const answers = await Promise.all(Array.from({ length: 50 }, () => titles(acme)));
    expect(answers).toEqual(Array.from({ length: 50 }, () => titlesOf(acme)));
    expect(log).toEqual(['open acme']);
    expect(connection).toHaveBeenCalledExactlyOnceWith(acme);
    await isolation.end?.();
  });

  it('limits the connections to one database, unless its configuration does', async () => {
    const connection = (tenant: Tenant) => ({
      connectionString: databases.urlOf(tenant),
      ...(tenant === globex ? { max: 1 } : {}),
    });
    const { isolation } = record(databases, { connection, maxConnectionsPerDatabase: 3 });
    const limits: (number | undefined)[] = [];
    for (const tenant of [acme, globex]) {
      const createPool = (config: { readonly max?: number | undefined }) => {
        limits.push(config.max);
        throw new Error('that is all');
      };
      await failureOf(isolation.place(tenant).connect?.(createPool) as Promise<unknown>);
    }
    expect(limits).toEqual([3, 1]);
    await isolation.end?.();
  });

  it('closes the database that was not used for longest to open another', async () => {
    const { isolation, titles, log } = record(databases, { maxDatabases: 2 });
    for (const tenant of [acme, globex, acme, initech, globex]) await titles(tenant);
    expect(log).toEqual(['open acme', 'open globex', 'close globex', 'open initech', 'close acme', 'open globex']);
    await isolation.end?.();
  });

  it('never closes a database that somebody uses', async () => {
    const { isolation, connect, titles, log } = record(databases, { maxDatabases: 2 });
    const held = await connect(acme);
    for (const tenant of [globex, initech, globex]) await titles(tenant);
    expect(log.filter((line) => line.endsWith('acme'))).toEqual(['open acme']);
    expect((await held.query('select count(*)::int as jobs from job')).rows).toEqual([{ jobs: 3 }]);
    held.release();
    await isolation.end?.();
  });

  it('closes a database that nobody used for a while, and opens it again', async () => {
    const { isolation, connect, titles, log } = record(databases, { idleTimeoutMillis: 40 });
    const held = await connect(acme);
    await titles(globex);
    await vi.waitFor(() => expect(log).toContain('close globex'), POLL);
    expect(log).not.toContain('close acme');
    held.release();
    await vi.waitFor(() => expect(log).toContain('close acme'), POLL);
    expect(await titles(acme)).toEqual(titlesOf(acme));
    await isolation.end?.();
  });

  it('keeps no process alive with its timers', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const { isolation, connect } = record(databases, {
      maxDatabases: 1,
      idleTimeoutMillis: 1_234_567,
      acquireTimeoutMillis: 2_000_002,
    });
    const held = await connect(acme);
    const waiting = failureOf(connect(globex));
    await pause(20);
    const ours = timers.mock.calls.flatMap(([, delay], call) =>
      delay === 1_234_567 || delay === 1_000_001 ? [timers.mock.results[call]?.value as NodeJS.Timeout] : [],
    );
    timers.mockRestore();
    expect(ours.map((timer) => timer.hasRef())).toEqual([false, false]);
    const ended = isolation.end?.();
    held.release();
    await Promise.all([waiting, ended]);
  });

  it('survives a backend that is killed in the pool', async () => {
    const { isolation, titles, log, applicationName } = record(databases);
    await titles(acme);
    await databases.outside.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
      [applicationName],
    );
    await vi.waitFor(async () => expect(await connected(applicationName)).toBe(0), POLL);
    // The news may still be on its way.
    await pause(20);
    expect(await titles(acme)).toEqual(titlesOf(acme));
    expect(log).toEqual(['open acme']);
    await isolation.end?.();
  });

  it('lets a client be released once only, as pg does, and counts it once', async () => {
    const { isolation, connect, titles, log } = record(databases, { maxDatabases: 1 });
    const [first, second] = [await connect(acme), await connect(acme)];
    first.release();
    expect(() => first.release()).toThrow('already been released');
    const waiting = titles(globex);
    await pause(20);
    expect(log).toEqual(['open acme']);
    second.release();
    expect(await waiting).toEqual(titlesOf(globex));
    await isolation.end?.();
  });

  describe('end', () => {
    it('closes every database, and refuses whoever comes later or waits for a place', async () => {
      const { isolation, connect, titles, log, applicationName } = record(databases, { maxDatabases: 2 });
      await titles(acme);
      const held = await connect(globex);
      const [other, waiting] = [await connect(acme), failureOf(connect(initech))];
      const ended = isolation.end?.();
      expect(await waiting).toMatchObject({ code: 'tenant_unplaceable', message: expect.stringContaining('end()') });
      expect(await failureOf(connect(acme))).toMatchObject({ code: 'tenant_unplaceable' });
      // Those who have a connection may finish.
      expect((await held.query('select count(*)::int as jobs from job')).rows).toEqual([{ jobs: 3 }]);
      held.release();
      other.release();
      await ended;
      expect(log.toSorted()).toEqual(['close acme', 'close globex', 'open acme', 'open globex']);
      expect(await connected(applicationName)).toBe(0);
      expect(isolation.end?.()).toBe(isolation.end?.());
    });

    it('serves those who wait for a connection of a database that is open', async () => {
      const { isolation, connect, titles } = record(databases, { maxConnectionsPerDatabase: 1 });
      const held = await connect(acme);
      const waiting = titles(acme);
      const ended = isolation.end?.();
      held.release();
      expect(await waiting).toEqual(titlesOf(acme));
      await ended;
    });

    it('opens nothing for those whose database was still being looked up', async () => {
      const connection = async (tenant: Tenant) => {
        await pause(20);
        return databases.urlOf(tenant);
      };
      const { isolation, connect, log } = record(databases, { connection });
      const looking = failureOf(connect(acme));
      await isolation.end?.();
      expect(isTenantFloorError(await looking, 'tenant_unplaceable')).toBe(true);
      expect(log).toEqual([]);
    });
  });

  describe('options', () => {
    const connection = () => 'postgres://localhost/acme';

    it.each<[string, object | undefined]>([
      ['connection', undefined],
      ['connection', {}],
      ['connection', { connection: 'postgres://app:secret@db/acme' }],
      ['maxDatabases', { connection, maxDatabases: 0 }],
      ['maxDatabases', { connection, maxDatabases: Number.POSITIVE_INFINITY }],
      ['maxDatabases', { connection, maxDatabases: '20' }],
      ['maxConnectionsPerDatabase', { connection, maxConnectionsPerDatabase: 1.5 }],
      ['idleTimeoutMillis', { connection, idleTimeoutMillis: 0 }],
      // A timer would take it for one millisecond.
      ['idleTimeoutMillis', { connection, idleTimeoutMillis: 2 ** 31 }],
      ['acquireTimeoutMillis', { connection, acquireTimeoutMillis: -1 }],
      ['setting', { connection, setting: 'tenant_id' }],
      ['setting', { connection, setting: "app.tenant_id'" }],
    ])('refuses a wrong `%s`, and names it', (option, options) => {
      expect(() => databasePerTenant(options as never)).toThrow(
        expect.objectContaining({ code: 'floor_misconfigured', message: expect.stringContaining(`\`${option}\``) }),
      );
      expect(() => databasePerTenant(options as never)).not.toThrow('secret');
    });

    it('takes a setting of another name', () => {
      expect(databasePerTenant({ connection, setting: 'hiring.tenant' }).place(acme).settings).toEqual([
        ['hiring.tenant', acme.id],
      ]);
    });
  });

  it.each([undefined, null, {}, { id: undefined }, { id: '' }, { id: 7 }])('P2: refuses %j as a tenant', (tenant) => {
    const { isolation } = record(databases);
    expect(() => isolation.place(tenant as never)).toThrow(expect.objectContaining({ code: 'tenant_unplaceable' }));
  });
});
