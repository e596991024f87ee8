import { Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { Cron, CronExpression, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { CronJob } from 'cron';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromSubdomain, InMemoryTenantRegistry, TenancyModule } from '../../src/index.js';
import { TenantScheduleModule } from '../../src/schedule.js';
import { keptLog } from './application.js';
import { eventually } from './tenants.js';

/** As Nest's own pages have it. */
@Injectable()
class TasksService {
  ran: string[] = [];
  constructor(readonly registry: SchedulerRegistry) {}

  @Cron(CronExpression.EVERY_SECOND, { name: 'notifications', waitForCompletion: true })
  async handleCron() {
    this.ran.push('cron');
  }

  @Cron('* * * * * *', { disabled: true, name: 'disabled' })
  handleNever() {
    this.ran.push('disabled');
  }

  @Interval('beat', 20)
  handleInterval() {
    this.ran.push('interval');
  }

  @Timeout('once', 20)
  handleTimeout() {
    this.ran.push('timeout');
    throw new Error('logged by Nest');
  }

  addCronJob(name: string) {
    const job = new CronJob('* * * * * *', () => {
      this.ran.push(name);
    });
    this.registry.addCronJob(name, job);
    job.start();
  }
}
Reflect.defineMetadata('design:paramtypes', [SchedulerRegistry], TasksService);

const tenancy = () =>
  TenancyModule.forRoot({
    registry: new InMemoryTenantRegistry([{ id: 't_acme', slug: 'acme' }]),
    sources: [fromSubdomain({ baseDomain: 'localhost' })],
  });

const options = { cronJobs: true, intervals: true, timeouts: true };
class OptionsFactory {
  createScheduleOptions() {
    return { intervals: false, timeouts: false };
  }
}

type Imports = NonNullable<ModuleMetadata['imports']>;
const modules: [string, { with(): Imports; without(): Imports }][] = [
  [
    "Nest's ScheduleModule",
    {
      with: () => [ScheduleModule.forRoot(options)],
      without: () => [ScheduleModule.forRootAsync({ useClass: OptionsFactory })],
    },
  ],
  [
    'TenantScheduleModule in its place',
    {
      with: () => [tenancy(), TenantScheduleModule.forRoot(options)],
      without: () => [tenancy(), TenantScheduleModule.forRootAsync({ useClass: OptionsFactory })],
    },
  ],
];

describe.each(modules)('an application with %s', (_, imports) => {
  let app: TestingModule;
  let tasks: TasksService;
  const start = async (imported: Imports) => {
    @Module({ imports: imported, providers: [TasksService] })
    class AppModule {}
    app = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger(keptLog().logger)
      .compile();
    await app.init();
    tasks = app.get(TasksService);
  };
  beforeEach(() => start(imports.with()));
  afterEach(() => app.close());

  it('runs what its decorators say', async () => {
    await eventually(() => new Set(tasks.ran).size === 3);
    expect(new Set(tasks.ran)).toEqual(new Set(['cron', 'interval', 'timeout']));
  });

  it('has its jobs in the registry, by name', () => {
    expect([...tasks.registry.getCronJobs().keys()]).toEqual(['notifications', 'disabled']);
    expect(tasks.registry.getIntervals()).toEqual(['beat']);
    expect(tasks.registry.getTimeouts()).toEqual(['once']);
    expect(tasks.registry.doesExist('cron', 'notifications')).toBe(true);
    expect(tasks.registry.getCronJob('disabled').isActive).toBe(false);
  });

  it('adds, stops, fires and deletes jobs while it runs', async () => {
    tasks.addCronJob('added');
    await eventually(() => tasks.ran.includes('added'));
    expect(() => tasks.addCronJob('added')).toThrow('already exists');
    tasks.registry.deleteCronJob('added');
    expect(() => tasks.registry.getCronJob('added')).toThrow('No Cron Job was found with the given name (added)');
    tasks.registry.getCronJob('notifications').stop();
    tasks.ran = [];
    void tasks.registry.getCronJob('notifications').fireOnTick();
    await eventually(() => tasks.ran.includes('cron'));
    tasks.registry.addTimeout(
      'later',
      setTimeout(() => tasks.ran.push('later'), 5),
    );
    await eventually(() => tasks.ran.includes('later'));
    tasks.registry.deleteInterval('beat');
    expect(tasks.registry.getIntervals()).toEqual([]);
  });

  it('can be told to mount less', async () => {
    await app.close();
    await start(imports.without());
    await eventually(() => tasks.ran.length > 0);
    expect(new Set(tasks.ran)).toEqual(new Set(['cron']));
    expect(tasks.registry.getIntervals()).toEqual([]);
  });

  it('calls a method as it is, with what it is given', async () => {
    expect(await tasks.handleCron()).toBeUndefined();
    expect(() => tasks.handleTimeout()).toThrow('logged by Nest');
    expect(tasks.handleCron.name).toBe('handleCron');
    expect(Object.keys(tasks).toSorted()).toEqual(['ran', 'registry']);
  });
});
