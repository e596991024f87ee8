import { setTimeout as sleep } from 'node:timers/promises';
import { type INestApplicationContext, Injectable } from '@nestjs/common';
import { Cron, CronExpression, Interval, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { afterEach, describe, expect, it } from 'vitest';
import { TenantContext } from '../../src/index.js';
import { TenantCron, TenantInterval, TenantRunner } from '../../src/schedule.js';
import { clockApplication, fire, keptLog } from './application.js';
import { acme, ChangingRegistry, eventually, globex, initech } from './tenants.js';

const context = new TenantContext();
const NEVER = '0 0 1 1 *';

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe('@TenantCron', () => {
  it('runs once for each tenant, in its own context, interleaved', async () => {
    const seen: string[] = [];
    @Injectable()
    class Nightly {
      @TenantCron(CronExpression.EVERY_SECOND)
      async report(tenant: { id: string }) {
        for (let step = 0; step < 3; step += 1) {
          await sleep(Math.random() * 5);
          seen.push(`${tenant.id} as ${context.tenantId}`);
        }
      }
    }
    app = await clockApplication(new ChangingRegistry([acme, globex, initech]), [Nightly]);
    await eventually(() => seen.length >= 9);
    await app.close();
    expect(new Set(seen)).toEqual(new Set(['t_acme as t_acme', 't_globex as t_globex', 't_initech as t_initech']));
    expect(seen.filter((line) => line.startsWith('t_acme')).length % 3).toBe(0);
    expect(context.isActive()).toBe(false);
  });

  it('leaves the method what it is: a direct call runs as its caller', async () => {
    class Nightly {
      @TenantCron(NEVER)
      report() {
        return context.tenantId;
      }
    }
    app = await clockApplication(new ChangingRegistry([acme, globex]), [Nightly]);
    const nightly = app.get(Nightly);
    expect(context.run(globex, () => nightly.report())).toBe('t_globex');
    expect(() => nightly.report()).toThrow('tenant_context_missing');
  });

  it("B3: one tenant's failure is logged with handler, tenant and code, and stops no other's work", async () => {
    const done: string[] = [];
    class Nightly {
      @TenantCron(NEVER)
      report() {
        if (context.tenantId === 't_acme') throw Object.assign(new Error('no paper'), { code: 'E_PAPER' });
        done.push(context.tenantId);
      }
    }
    const { lines, logger } = keptLog();
    app = await clockApplication(new ChangingRegistry([acme, globex, initech]), [Nightly], {}, { logger });
    fire(app);
    await eventually(() => done.length === 2);
    expect(done).toEqual(['t_globex', 't_initech']);
    expect(lines.filter((line) => line.includes('failed'))).toEqual([
      expect.stringMatching(/^Nightly\.report failed for the tenant "t_acme": E_PAPER: Error: no paper/),
    ]);
  });

  it('B3: a tick that still runs does not start again, and says so', async () => {
    let begun = 0;
    let release = () => {};
    class Nightly {
      @TenantCron(NEVER)
      async report() {
        begun += 1;
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
    }
    const { lines, logger } = keptLog();
    app = await clockApplication(new ChangingRegistry([acme]), [Nightly], {}, { logger });
    fire(app);
    await eventually(() => begun === 1);
    fire(app);
    await eventually(() => lines.some((line) => line.includes('a tick is left out')));
    expect(begun).toBe(1);
    release();
    await eventually(() => {
      fire(app as INestApplicationContext);
      return begun === 2;
    });
    release();
  });

  it('B3: no more tenants at a time than `concurrency`, and starts are spread', async () => {
    const tenants = Array.from({ length: 12 }, (_, i) => ({ id: `t_${i}`, slug: `s${i}` }));
    let now = 0;
    let most = 0;
    const starts: number[] = [];
    class Nightly {
      @TenantCron(NEVER, { concurrency: 3 })
      async crowd() {
        most = Math.max(most, ++now);
        await sleep(3);
        now -= 1;
      }
    }
    class Spread {
      @TenantCron(NEVER, { concurrency: 12, spread: 600 })
      start() {
        starts.push(Date.now());
      }
    }
    app = await clockApplication(new ChangingRegistry(tenants), [Nightly]);
    fire(app);
    await eventually(() => most === 3 && now === 0);
    await app.close();
    app = await clockApplication(new ChangingRegistry(tenants), [Spread]);
    fire(app);
    await eventually(() => starts.length === 12);
    expect(most).toBe(3);
    const gaps = starts.slice(1).map((at, i) => at - (starts[i] as number));
    expect((starts[11] as number) - (starts[0] as number)).toBeGreaterThan(500);
    expect(Math.max(...gaps)).toBeLessThan(400);
  });

  it('B3: progress is told after each tenant', async () => {
    const told: string[] = [];
    class Nightly {
      @TenantCron(NEVER, {
        concurrency: 1,
        onProgress: ({ tenant, done, failed, skipped, total }) =>
          told.push(`${tenant.slug}: ${done} done, ${failed} failed, ${skipped} skipped of ${total}`),
        onError: (error, tenant) => told.push(`${tenant.slug}: ${(error as Error).message}`),
      })
      report() {
        if (context.tenantId === 't_globex') throw new Error('no');
      }
    }
    const registry = new ChangingRegistry([acme, globex, { ...initech, status: 'suspended' }]);
    app = await clockApplication(registry, [Nightly]);
    fire(app);
    await eventually(() => told.length === 4);
    expect(told).toEqual([
      'acme: 1 done, 0 failed, 0 skipped of 3',
      'globex: no',
      'globex: 1 done, 1 failed, 0 skipped of 3',
      'initech: 1 done, 1 failed, 1 skipped of 3',
    ]);
  });

  it('B4: who was suspended or deleted since they were listed is left out', async () => {
    const registry = new ChangingRegistry([acme, globex, initech]);
    const done: string[] = [];
    class Nightly {
      @TenantCron(NEVER, { concurrency: 1 })
      report() {
        done.push(context.tenantId);
        registry.changed.set('t_globex', { ...globex, status: 'suspended' }).set('t_initech', null);
      }
    }
    const { lines, logger } = keptLog();
    app = await clockApplication(registry, [Nightly], {}, { logger });
    fire(app);
    await eventually(() => done.length === 1);
    registry.changed.clear();
    fire(app);
    await eventually(() => done.length === 2);
    expect(done).toEqual(['t_acme', 't_acme']);
    expect(lines.filter((line) => line.includes('failed'))).toEqual([]);
  });

  it('@TenantInterval runs for each tenant as well', async () => {
    const seen = new Set<string>();
    class Poll {
      @TenantInterval(20)
      async poll() {
        await sleep(1);
        seen.add(context.tenantId);
      }
    }
    app = await clockApplication(new ChangingRegistry([acme, globex]), [Poll]);
    await eventually(() => seen.size === 2);
  });
});

describe("Nest's own clocks", () => {
  it.each([
    ['@Cron', Cron('* * * * * *'), '@TenantCron'],
    ['@Interval', Interval(10), '@TenantInterval'],
    ['@Timeout', Timeout(10), 'TenantRunner.forEach'],
  ])('%s that asks for a tenant is told its name and the fix', async (name, decorator, fix) => {
    class Plain {
      runs = 0;
      touch() {
        this.runs += 1;
        context.current();
      }
    }
    decorator(
      Plain.prototype,
      'touch',
      Object.getOwnPropertyDescriptor(Plain.prototype, 'touch') as PropertyDescriptor,
    );
    const { lines, logger } = keptLog();
    app = await clockApplication(new ChangingRegistry([acme]), [Plain], {}, { logger });
    await eventually(() => lines.length > 0);
    expect(lines[0]).toContain(`tenant_context_missing: Plain.touch is run by ${name}, and a clock has no tenant.`);
    expect(lines[0]).toContain(fix);
    expect(lines[0]).toContain('at Plain.touch');
    expect(context.run(acme, () => app?.get(Plain).touch())).toBeUndefined();
  });

  it('may enter a tenant, or visit all', async () => {
    const seen: string[] = [];
    @Injectable()
    class Plain {
      constructor(private readonly runner: TenantRunner) {}
      @Cron('* * * * * *')
      async touch() {
        seen.push(context.run(acme, () => context.tenantId));
        await this.runner.forEach(() => {
          seen.push(context.tenantId);
        });
      }
    }
    Reflect.defineMetadata('design:paramtypes', [TenantRunner], Plain);
    app = await clockApplication(new ChangingRegistry([acme, globex]), [Plain]);
    await eventually(() => seen.length >= 3);
    expect(seen.slice(0, 3)).toEqual(['t_acme', 't_acme', 't_globex']);
  });
});

describe('SchedulerRegistry', () => {
  it('is the one that the application injects', async () => {
    app = await clockApplication(new ChangingRegistry([acme]), []);
    expect(app.get(SchedulerRegistry).constructor.name).toBe('TenantSchedulerRegistry');
  });
});
