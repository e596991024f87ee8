import { SchedulerRegistry } from '@nestjs/schedule';
import { isTenancyError } from '@tenancy/core';
import { TenantScheduleModule } from '@tenancy/core/schedule';
import { CronJob } from 'cron';
import { context, inHandler, lazily, type Seen, type Subject, seen } from '../row.js';

const modules = { imports: [TenantScheduleModule.forRoot()] };
const INTERVAL = 'an interval made at start, which runs bound work';
const EACH = 'a cron job made at start, which enters each tenant in turn';

// core-10: what is added in a request.
export const clocks: Subject = {
  about: 'Clocks of Nest',
  rows: [
    inHandler(
      'an interval or timeout added to `SchedulerRegistry` in a request',
      'none',
      ({ app }) => {
        const waiting: (() => void)[] = [];
        const added = lazily(() =>
          app.get(SchedulerRegistry).addInterval(
            'census',
            setInterval(() => runAll(waiting), 1),
          ),
        );
        return () => {
          try {
            added();
          } catch (error) {
            // B7: refused, and loudly.
            if (isTenancyError(error, 'tenant_switch_refused')) return 'none';
            throw error;
          }
          return new Promise<Seen>((resolve) => waiting.push(() => resolve(seen())));
        };
      },
      { modules, fix: INTERVAL },
    ),
    inHandler(
      INTERVAL,
      'right',
      ({ app }) => {
        const waiting: (() => void)[] = [];
        app.get(SchedulerRegistry).addInterval(
          'census',
          setInterval(() => runAll(waiting), 1),
        );
        return () => new Promise<Seen>((resolve) => waiting.push(context.bind(() => resolve(seen()))));
      },
      { modules },
    ),
    inHandler(
      'a cron job added to `SchedulerRegistry` in a request',
      'none',
      ({ app }) => {
        const waiting: (() => void)[] = [];
        const added = lazily(() => {
          const job = new CronJob('* * * * * *', () => runAll(waiting));
          app.get(SchedulerRegistry).addCronJob('census', job);
          job.start();
        });
        return () => {
          added();
          return new Promise<Seen>((resolve) => waiting.push(() => resolve(seen())));
        };
      },
      {
        modules,
        fix: EACH,
        rounds: 2,
      },
    ),
    inHandler(
      'a cron job made at start',
      'none',
      ({ app }) => {
        const waiting: (() => void)[] = [];
        const job = new CronJob('* * * * * *', () => runAll(waiting));
        app.get(SchedulerRegistry).addCronJob('census', job);
        job.start();
        return () => new Promise<Seen>((resolve) => waiting.push(() => resolve(seen())));
      },
      {
        modules,
        fix: EACH,
        rounds: 2,
      },
    ),
    inHandler(
      EACH,
      'right',
      ({ app }) => {
        const waiting = new Map<() => void, ReturnType<typeof context.current>>();
        const job = new CronJob('* * * * * *', () => {
          for (const [work, tenant] of waiting) context.run(tenant, work);
          waiting.clear();
        });
        app.get(SchedulerRegistry).addCronJob('census', job);
        job.start();
        return () => new Promise<Seen>((resolve) => waiting.set(() => resolve(seen()), context.current()));
      },
      { modules, rounds: 2 },
    ),
  ],
};

function runAll(waiting: (() => void)[]): void {
  for (const work of waiting.splice(0)) work();
}
