import { type INestApplicationContext, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { TENANT_POOL } from '../../src/adapter.js';
import { fromSubdomain, TenancyModule, TenantContext, Untenanted } from '../../src/index.js';
import {
  type ClockLock,
  scheduleTableSql,
  TenantCron,
  TenantInterval,
  TenantScheduleModule,
} from '../../src/schedule.js';
import { clockApplication, fire, keptLog } from './application.js';
import { lockPlaces } from './locks.js';
import { acme, ChangingRegistry, eventually, globex } from './tenants.js';

const context = new TenantContext();
const NEVER = '0 0 1 1 *';

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe.each(lockPlaces)('with a lock in $name', ({ open, missing }) => {
  describe.skipIf(missing !== null)('', () => {
    let lock: ClockLock;
    let close: () => Promise<void>;
    beforeAll(async () => {
      ({ lock, close } = await open(inject('postgresUrl')));
    });
    afterAll(() => close());

    it('runs each tenant once in two applications at once, interleaved; a tick by hand is one of its own', async () => {
      const seen: string[] = [];
      class Nightly {
        @TenantCron(NEVER)
        async report() {
          await new Promise((resolve) => setTimeout(resolve, 5));
          seen.push(context.tenantId);
        }
      }
      app = await clockApplication(new ChangingRegistry([acme, globex]), [Nightly], { lock });
      fire(app);
      await eventually(() => seen.length === 2);
      await eventually(async () => {
        fire(app as INestApplicationContext);
        return seen.length >= 4;
      });
      expect(seen.toSorted().slice(0, 4)).toEqual(['t_acme', 't_acme', 't_globex', 't_globex']);
    });

    it('an interval runs once in its time over two applications', async () => {
      const ran: number[] = [];
      class Poll {
        @TenantInterval(1_000)
        poll() {
          ran.push(Date.now());
        }
      }
      const registry = new ChangingRegistry([acme]);
      app = await clockApplication(registry, [Poll], { lock });
      const other = await clockApplication(registry, [Poll], { lock });
      await eventually(() => ran.length >= 4);
      await other.close();
      const gaps = ran.slice(1).map((at, i) => at - (ran[i] as number));
      expect(Math.min(...gaps)).toBeGreaterThan(700);
    });

    it('a closing application waits for the tenants that are worked for, tells them, and begins no other', async () => {
      const said: string[] = [];
      class Nightly {
        @TenantCron(NEVER, { concurrency: 1 })
        async report({ id }: { id: string }, { signal }: { signal: AbortSignal }) {
          said.push(`begin ${id}`);
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => setTimeout(resolve, 20)));
          said.push(`end ${id}`);
        }
      }
      app = await clockApplication(new ChangingRegistry([acme, globex]), [Nightly], { lock });
      fire(app);
      await eventually(() => said.length === 1);
      await app.close();
      expect(said).toEqual(['begin t_acme', 'end t_acme']);
      // What is left is the next one's.
      app = await clockApplication(new ChangingRegistry([acme, globex]), [Nightly], { lock });
      await eventually(() => said.length === 3);
      await app.close();
      expect(said.slice(2)).toEqual(['begin t_globex', 'end t_globex']);
    });

    it('no longer than it is told to', async () => {
      let begun = false;
      class Stuck {
        @TenantCron(NEVER)
        report() {
          begun = true;
          return new Promise(() => {});
        }
      }
      const { lines, logger } = keptLog();
      app = await clockApplication(new ChangingRegistry([acme]), [Stuck], { lock, shutdownTimeout: 50 }, { logger });
      fire(app);
      await eventually(() => begun);
      await app.close();
      app = undefined;
      expect(lines).toEqual([expect.stringMatching(/^Stuck\.report still runs 50 ms after/)]);
    });

    it('goes on with the tenants once the list can be read again, and repeats none', async () => {
      let fails = 2;
      class Flaky extends ChangingRegistry {
        override async *list() {
          yield acme;
          if (fails-- > 0) throw new Error('the cursor is gone');
          yield globex;
        }
      }
      const seen: string[] = [];
      class Often {
        @TenantCron(NEVER)
        report() {
          seen.push(context.tenantId);
        }
      }
      app = await clockApplication(new Flaky([acme, globex]), [Often], { lock });
      fire(app);
      await eventually(() => seen.includes('t_globex'));
      expect(seen).toEqual(['t_acme', 't_globex']);
    });
  });
});

describe('what is wrong is told at start', () => {
  const start = (options: object, ...providers: (new () => object)[]) =>
    clockApplication(new ChangingRegistry([acme]), providers, options as never);

  class Nightly {
    @TenantCron(NEVER)
    report() {}
  }

  it.each([
    [{ concurency: 3 }, 'TenantScheduleModule.concurency: is unknown. Did you mean `concurrency`?'],
    [{ concurrency: 0 }, 'TenantScheduleModule.concurrency: is not a whole number from 1'],
    [{ lease: 5 }, 'TenantScheduleModule.lease: is not a whole number from 100'],
    [{ lock: {} }, 'TenantScheduleModule.lock: names no place'],
    [{ lock: { table: {} } }, 'Nightly.report.lock.table: is no pool of pg'],
    [{ lock: { table: { [TENANT_POOL]: true, query: () => {} } } }, 'Nightly.report.lock.table: is a tenant pool'],
    [{ lock: { table: { query: () => {} }, tableName: 'x; drop' } }, 'lock.tableName: is no name of a table'],
    [
      { lock: { redis: { eval: () => {}, sendCommand: () => {} } } },
      'Nightly.report.lock.redis: is no client of ioredis',
    ],
  ])('%j', async (options, message) => {
    await expect(async () => start(options, Nightly)).rejects.toThrow(`tenancy_misconfigured: ${message}`);
  });

  it('a table that is not there, or not to be used', async () => {
    const refused = (code: string) => ({
      query: async () => {
        throw Object.assign(new Error('relation "tenancy_schedule"'), { code });
      },
    });
    await expect(start({ lock: { table: refused('42P01') } }, Nightly)).rejects.toThrow(
      'tenancy_misconfigured: lock.table: cannot be used: relation "tenancy_schedule". Create the table with `scheduleTableSql()`',
    );
    app = await start({ lock: { table: refused('57P03') } }, Nightly);
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 31])('an interval of %j', (milliseconds) => {
    expect(() => TenantInterval(milliseconds)).toThrow('@TenantInterval: is not a whole number from 1 to 2147483647');
  });

  it('two that have one name', async () => {
    class Other {
      @TenantCron(NEVER, { name: 'Nightly.report' })
      report() {}
    }
    await expect(start({}, Nightly, Other)).rejects.toThrow('two of them are called "Nightly.report"');
  });

  it('one that is for everybody and for each tenant', async () => {
    class Both {
      @Untenanted()
      @TenantCron(NEVER)
      report() {}
    }
    await expect(start({}, Both)).rejects.toThrow('@TenantCron of Both.report: is also @Untenanted()');
  });

  it('what is no method', () => {
    expect(() => TenantCron(NEVER)(class X {}, 'x', {} as PropertyDescriptor)).toThrow(
      'is not on a method of an instance',
    );
  });

  it('a registry that cannot list', async () => {
    const registry = { findById: async () => acme, findBySlug: async () => acme };
    await expect(clockApplication(registry, [Nightly])).rejects.toThrow(
      '@TenantCron of Nightly.report: runs for each tenant, and the registry cannot list them',
    );
  });

  it("a ScheduleModule of Nest's own that is left over, by who imports it", async () => {
    const tenancy = TenancyModule.forRoot({
      registry: new ChangingRegistry([acme]),
      sources: [fromSubdomain({ baseDomain: 'localhost' })],
    });
    @Module({ imports: [ScheduleModule.forRoot()] })
    class Reports {}
    for (const imports of [
      [tenancy, Reports],
      [tenancy, TenantScheduleModule.forRoot(), Reports],
    ]) {
      @Module({ imports })
      class AppModule {}
      await expect(
        NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false }),
      ).rejects.toThrow('tenancy_misconfigured: Reports: imports ScheduleModule');
    }
  });

  it('a clock that has no lock, once, by name; not one that is told to have none', async () => {
    class Each {
      @TenantCron(NEVER, { lock: false })
      report() {}
    }
    const { lines, logger } = keptLog();
    app = await clockApplication(new ChangingRegistry([acme]), [Nightly, Each], {}, { logger });
    expect(lines).toEqual([expect.stringMatching(/^Without a lock every process runs Nightly\.report\. Pass/)]);
  });
});

it('a client is taken from injection by its token', async () => {
  const asked: string[] = [];
  const table = {
    query: async (text: string) => {
      asked.push(text);
      return { rows: [] };
    },
  };
  @Injectable()
  class Nightly {
    @TenantCron(NEVER, { lock: { table: 'POOL' } })
    report() {}
  }
  app = await clockApplication(new ChangingRegistry([acme]), [Nightly, { provide: 'POOL', useValue: table }]);
  fire(app);
  await eventually(() => asked.length > 0);
});

it('an instance under two tokens has one tick', async () => {
  const seen: string[] = [];
  class Nightly {
    @TenantCron('* * * * * *')
    report() {
      seen.push(context.tenantId);
    }
  }
  const { lines, logger } = keptLog();
  const aliased = [
    Nightly,
    { provide: 'alias', useExisting: Nightly },
    { provide: 'factory', useFactory: (one: object) => one, inject: [Nightly] },
  ];
  app = await clockApplication(new ChangingRegistry([acme]), aliased, {}, { logger });
  const begun = Date.now();
  await eventually(() => seen.length >= 2);
  await app.close();
  expect(seen.length).toBeLessThanOrEqual(Math.ceil((Date.now() - begun) / 1000) + 1);
  expect(lines.filter((line) => line.includes('left out'))).toEqual([]);
});

it('an overridden method without a decorator is no clock any more, and a class may inherit one', async () => {
  const seen: string[] = [];
  class Base {
    @TenantCron(NEVER)
    report() {
      seen.push(`${this.constructor.name} as ${context.tenantId}`);
    }
  }
  class Silent extends Base {
    override report() {
      seen.push('overridden');
    }
  }
  class Heir extends Base {}
  app = await clockApplication(new ChangingRegistry([acme]), [Silent, Heir]);
  for (const job of app.get(SchedulerRegistry).getCronJobs().values()) void job.fireOnTick();
  await eventually(() => seen.length > 0);
  expect(seen).toEqual(['Heir as t_acme']);
});

it('SQL of the table is that of a name', () => {
  expect(scheduleTableSql()).toContain('create table if not exists tenancy_schedule (');
  expect(scheduleTableSql('operations.clocks')).toContain('create table if not exists operations.clocks (');
  for (const name of ['', 'A', 'a.b.c', 'a;b', '"a"', `a${'b'.repeat(63)}`]) {
    expect(() => scheduleTableSql(name)).toThrow('lock.tableName');
  }
});

it('types: a pool of pg and a client of ioredis are places', () => {
  const places = (pool: pg.Pool, redis: Redis): ClockLock[] => [
    { table: pool },
    { redis },
    { table: pg.Pool },
    { redis: Redis },
  ];
  expect(places).toBeTypeOf('function');
});
