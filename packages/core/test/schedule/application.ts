import { type INestApplicationContext, Module, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SchedulerRegistry } from '@nestjs/schedule';
import { fromSubdomain, TenancyModule, type TenantRegistry } from '../../src/index.js';
import { TenantScheduleModule, type TenantScheduleOptions } from '../../src/schedule.js';

/** A logger that keeps what it is told. */
export function keptLog() {
  const lines: string[] = [];
  const keep = (...args: unknown[]) => {
    lines.push(args.map((arg) => (arg instanceof Error ? arg.stack : String(arg))).join(' '));
  };
  return { lines, logger: { log: () => {}, debug: () => {}, error: keep, warn: keep } };
}

/** An application that has nothing but clocks. */
export async function clockApplication(
  registry: TenantRegistry,
  providers: readonly Provider[],
  options?: TenantScheduleOptions,
  logger: Parameters<typeof NestFactory.createApplicationContext>[1] = { logger: false },
  isCached = false,
): Promise<INestApplicationContext> {
  @Module({
    imports: [
      TenancyModule.forRoot({
        registry,
        sources: [fromSubdomain({ baseDomain: 'localhost' })],
        ...(!isCached && { cache: false }),
      }),
      TenantScheduleModule.forRoot(options),
    ],
    providers: [...providers],
  })
  class AppModule {}
  return NestFactory.createApplicationContext(AppModule, { abortOnError: false, ...logger });
}

/** Fires the only cron job of an application, by hand. */
export function fire(app: INestApplicationContext): void {
  const [job] = [...app.get(SchedulerRegistry).getCronJobs().values()];
  void job?.fireOnTick();
}
