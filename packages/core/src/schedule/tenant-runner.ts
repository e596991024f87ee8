import { Inject, Injectable, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { TenantRegistry } from '../registry/tenant-registry.js';
import type { Tenant } from '../tenant.js';
import { begin, type ForEachTenantOptions } from './for-each-tenant.js';
import type { VisitResult } from './progress.js';
import { type ResolvedScheduleOptions, SCHEDULE_OPTIONS } from './schedule-options.js';

/** Visits all tenants, from wherever there is none: a clock, a script, an `@Untenanted()` route. */
@Injectable()
export class TenantRunner {
  constructor(
    @Inject(TenantRegistry) private readonly registry: TenantRegistry,
    @Optional() @Inject(SCHEDULE_OPTIONS) private readonly options?: ResolvedScheduleOptions,
    @Optional() @Inject(ModuleRef) private readonly moduleRef?: ModuleRef,
  ) {}

  /**
   * Runs `fn` for each tenant of the registry, in that tenant's context, as `forEachTenant` does. What `resume` remembers is kept at the
   * place of the module's lock, unless it names another.
   *
   * @throws `tenant_switch_refused` inside a tenant's context.
   * @throws `tenancy_misconfigured` for a wrong option, without a `list()`, and while another process has the same run in hand.
   * @throws what `list()` throws, and the reason of the signal; both when what was begun has ended.
   * @example
   * ```ts
   * import { progressBar, type TenantRunner } from '@tenancy/core/schedule';
   *
   * const reindex = (runner: TenantRunner, index: () => Promise<void>) =>
   *   runner.forEach(index, { concurrency: 10, onProgress: progressBar('index'), resume: { key: 'reindex' } });
   * ```
   */
  async forEach(fn: (tenant: Tenant) => unknown, options?: ForEachTenantOptions | null): Promise<VisitResult> {
    const { moduleRef } = this;
    const injected = (token: Parameters<ModuleRef['get']>[0]) => moduleRef?.get(token, { strict: false }) as unknown;
    return begin('TenantRunner.forEach', this.registry, fn, options, injected, this.options?.lock);
  }
}
