import type { INestApplicationContext } from '@nestjs/common';
import { Cron, Interval, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { afterEach, expect, it } from 'vitest';
import { outsideAnyTenant } from '../../src/adapter.js';
import { TenantContext } from '../../src/index.js';
import { TenantCron, TenantInterval, type TenantTick } from '../../src/schedule.js';
import { clockApplication } from './application.js';
import { acme, ChangingRegistry, eventually, globex } from './tenants.js';

const context = new TenantContext();

let app: INestApplicationContext;
afterEach(() => app.close());

const nowTenant = () => (context.isActive() ? context.tenantId : 'nobody');

it('B1: a cron job that is added inside a tenant runs outside every tenant, whoever else is at work', async () => {
  app = await clockApplication(new ChangingRegistry([acme, globex]), []);
  const seen: Record<string, string[]> = { 't_acme made it': [], 't_globex made it': [] };
  for (const tenant of [acme, globex]) {
    context.run(tenant, () => {
      const job = new CronJob('* * * * * *', () => {
        seen[`${tenant.id} made it`]?.push(nowTenant());
      });
      app.get(SchedulerRegistry).addCronJob(tenant.slug, job);
      job.start();
    });
  }
  await eventually(() => Object.values(seen).every((ticks) => ticks.length >= 2));
  context.run(globex, () => void app.get(SchedulerRegistry).getCronJob('acme').fireOnTick());
  expect(new Set(Object.values(seen).flat())).toEqual(new Set(['nobody']));
});

it('B1: a job that was started before it was added is outside as well, and bound work keeps its tenant', async () => {
  app = await clockApplication(new ChangingRegistry([acme, globex]), []);
  const seen: string[] = [];
  context.run(acme, () => {
    const bound = context.bind(() => seen.push(`bound: ${nowTenant()}`));
    const job = new CronJob(
      '* * * * * *',
      () => {
        seen.push(`plain: ${nowTenant()}`);
        bound();
      },
      null,
      true,
    );
    app.get(SchedulerRegistry).addCronJob('early', job);
  });
  await eventually(() => seen.length >= 2);
  expect(seen.slice(0, 2)).toEqual(['plain: nobody', 'bound: t_acme']);
});

it('B1: what asks for the tenant there is told the job and the fix', async () => {
  app = await clockApplication(new ChangingRegistry([acme]), []);
  let said = '';
  const job = new CronJob('0 0 1 1 *', () => {
    try {
      context.current();
    } catch (error) {
      said = (error as Error).message;
    }
  });
  context.run(acme, () => app.get(SchedulerRegistry).addCronJob('sums', job));
  void job.fireOnTick();
  await eventually(() => said);
  expect(said).toMatch(/^tenant_context_missing: the cron job "sums" of SchedulerRegistry runs, and a clock has no/);
});

it('B2: a job whose time comes while it is made, before it is registered, has the tick that was planned', async () => {
  const ticks: number[] = [];
  class Early {
    @TenantCron('0 0 1 1 *')
    report(_: unknown, { at }: TenantTick) {
      ticks.push(at.getTime());
    }
  }
  app = await clockApplication(new ChangingRegistry([acme]), [Early]);
  const early = app.get(Early) as unknown as Record<string, () => void>;
  // As Nest does, where the cron library fires at once.
  const job = new CronJob('* * * * * *', () => early['report for each tenant']?.());
  job.lastExecution = new Date();
  void job.fireOnTick();
  app.get(SchedulerRegistry).addCronJob('early', job);
  await eventually(() => ticks.length === 1);
  expect((ticks[0] as number) % 1000).toBe(0);
  void job.fireOnTick();
  await eventually(() => ticks.length === 2);
});

it.each(['Interval', 'Timeout'] as const)(
  'B7: add%s inside a tenant is refused, and its timer is cleared',
  async (kind) => {
    app = await clockApplication(new ChangingRegistry([acme, globex]), []);
    const registry = app.get(SchedulerRegistry);
    const ran: string[] = [];
    const timer = (name: string) =>
      (kind === 'Interval' ? setInterval : setTimeout)(() => ran.push(`${name}: ${nowTenant()}`), 5);
    for (const tenant of [acme, globex]) {
      expect(() => context.run(tenant, () => registry[`add${kind}`](tenant.id, timer(tenant.id)))).toThrow(
        new RegExp(`tenant_switch_refused: SchedulerRegistry.add${kind}\\("${tenant.id}"\\) was called inside`),
      );
    }
    registry[`add${kind}`]('own', timer('own'));
    context.run(acme, () => outsideAnyTenant(() => registry[`add${kind}`]('outside', timer('outside'))));
    await eventually(() => new Set(ran).size === 2);
    expect(new Set(ran)).toEqual(new Set(['own: nobody', 'outside: nobody']));
  },
);

it("B1: what a job does once it is stopped is nobody's, whoever deletes it", async () => {
  app = await clockApplication(new ChangingRegistry([acme, globex]), []);
  const registry = app.get(SchedulerRegistry);
  const seen: string[] = [];
  for (const tenant of [acme, globex]) {
    const job = CronJob.from({
      cronTime: '0 0 1 1 *',
      onTick: () => {},
      onComplete: () => void seen.push(nowTenant()),
      start: true,
    });
    registry.addCronJob(tenant.slug, job as never);
  }
  context.run(acme, () => registry.deleteCronJob('globex'));
  await context.run(globex, () => registry.getCronJob('acme').stop());
  await eventually(() => seen.length === 2);
  expect(seen).toEqual(['nobody', 'nobody']);
});

it("B1: clocks of an application that is started inside a tenant are nobody's, and those of each tenant its own", async () => {
  const seen = new Set<string>();
  class Clocks {
    @Interval(20)
    plain() {
      seen.add(`plain ${nowTenant()}`);
    }
    @Timeout(20)
    once() {
      seen.add(`once ${nowTenant()}`);
    }
    @Cron('* * * * * *')
    tick() {
      seen.add(`tick ${nowTenant()}`);
    }
    @TenantInterval(20)
    each() {
      seen.add(`each ${nowTenant()}`);
    }
  }
  app = await context.run(acme, () => clockApplication(new ChangingRegistry([acme, globex]), [Clocks]));
  await eventually(() => seen.size >= 5);
  expect([...seen].sort()).toEqual(['each t_acme', 'each t_globex', 'once nobody', 'plain nobody', 'tick nobody']);
});
