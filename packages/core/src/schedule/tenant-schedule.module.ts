import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { ScheduleModule, type ScheduleModuleAsyncOptions, SchedulerRegistry } from '@nestjs/schedule';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireOptions } from '../errors/require-options.js';
import { markWall } from '../leftovers/wall.js';
import { Clocks } from './clocks.js';
import {
  type ResolvedScheduleOptions,
  resolveScheduleOptions,
  SCHEDULE_OPTIONS,
  type TenantScheduleOptions,
} from './schedule-options.js';
import { TenantRunner } from './tenant-runner.js';
import { TenantSchedulerRegistry } from './tenant-scheduler-registry.js';

/** The class that `forRootAsync({ useClass | useExisting })` takes, as Nest's own module has it. */
export interface TenantScheduleOptionsFactory {
  /** The options, made when the application starts. */
  createScheduleOptions(): TenantScheduleOptions | Promise<TenantScheduleOptions>;
}

/** Options of `TenantScheduleModule.forRootAsync`, as those of Nest's own module. */
export interface TenantScheduleAsyncOptions extends Pick<ScheduleModuleAsyncOptions, 'imports' | 'inject'> {
  /**
   * Makes the options, of what `inject` names.
   * @defaultValue none: `useClass` or `useExisting` says it
   */
  // biome-ignore lint/suspicious/noExplicitAny: what is injected has the types that the application says.
  readonly useFactory?: (...args: any[]) => TenantScheduleOptions | Promise<TenantScheduleOptions>;
  /**
   * The class that makes the options, made here.
   * @defaultValue none
   */
  readonly useClass?: Type<TenantScheduleOptionsFactory>;
  /**
   * The same, of a provider that is there.
   * @defaultValue none
   */
  readonly useExisting?: Type<TenantScheduleOptionsFactory>;
}

/**
 * Nest's `ScheduleModule`, in which every tenant has clocks: import this one in its place, and `TenancyModule` beside it.
 *
 * `@TenantCron` and `@TenantInterval` run for each tenant, `TenantRunner` visits them all. What Nest's own `@Cron`, `@Interval` and
 * `@Timeout` call has no tenant, and is told so by name where it asks for one. What a request adds to `SchedulerRegistry` is not its tenant's.
 *
 * @example
 * ```ts
 * import { Module } from '@nestjs/common';
 * import { TenantScheduleModule } from '@tenancy/core/schedule';
 * import { Pool } from 'pg';
 *
 * const pool = new Pool({ connectionString: process.env.ADMIN_DATABASE_URL });
 *
 * @Module({ imports: [TenantScheduleModule.forRoot({ lock: { table: pool } })] })
 * class ClockModule {}
 * ```
 */
// biome-ignore lint/complexity/noStaticOnlyClass: Nest's own is one, too.
export class TenantScheduleModule {
  /**
   * Registers clocks of tenants, once, in the root module, in place of `ScheduleModule.forRoot`.
   * @throws `tenancy_misconfigured` at once, naming the option that is wrong and the fix.
   */
  static forRoot(options?: TenantScheduleOptions): DynamicModule {
    const resolved = resolveScheduleOptions(options);
    return held(ScheduleModule.forRoot(resolved.nest), { provide: SCHEDULE_OPTIONS, useFactory: () => resolved });
  }

  /** As `forRoot`, with options that come from injection; they are validated when the module is built. */
  static forRootAsync(options: TenantScheduleAsyncOptions): DynamicModule {
    const place = 'TenantScheduleModule.forRootAsync';
    refuseUnknown(place, options, ['imports', 'inject', 'useFactory', 'useClass', 'useExisting']);
    const { imports, inject, useFactory, useClass, useExisting } = options ?? {};
    const from = useClass ?? useExisting;
    if (!useFactory && !from) {
      throw new TenancyConfigurationError(
        place,
        'is told no way to its options',
        'Pass `useFactory`, `useClass` or `useExisting`.',
      );
    }
    const nests = ScheduleModule.forRootAsync({
      ...(imports && { imports }),
      inject: [SCHEDULE_OPTIONS],
      useFactory: ({ nest }: ResolvedScheduleOptions) => nest,
    });
    const own = useFactory ?? ((factory: TenantScheduleOptionsFactory) => factory.createScheduleOptions());
    return held(
      nests,
      {
        provide: SCHEDULE_OPTIONS,
        inject: useFactory ? [...(inject ?? [])] : [from as Type],
        useFactory: async (...args: unknown[]) => {
          const options = await own(...(args as [never]));
          requireOptions('TenantScheduleModule', options);
          return resolveScheduleOptions(options);
        },
      },
      ...(useFactory || !useClass ? [] : [useClass]),
    );
  }
}

/** Nest's module, with its registry replaced: what came later under a token is what is injected. */
function held(nests: DynamicModule, ...options: Provider[]): DynamicModule {
  return markWall({
    ...nests,
    providers: [
      ...options,
      Clocks,
      TenantRunner,
      ...(nests.providers ?? []),
      { provide: SchedulerRegistry, useClass: TenantSchedulerRegistry },
    ],
    exports: [...(nests.exports ?? []), TenantRunner],
  });
}
