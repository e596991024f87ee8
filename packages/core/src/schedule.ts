export type { TenantClockOptions, TenantTick, VisitOptions } from './schedule/clock-options.js';
export { type ForEachTenantOptions, forEachTenant } from './schedule/for-each-tenant.js';
export type { ClockLock, RedisClient, TablePool } from './schedule/lock/clock-lock.js';
export { scheduleTableSql } from './schedule/lock/schedule-table-sql.js';
export type { Progress, VisitResult } from './schedule/progress.js';
export { type BarStream, progressBar } from './schedule/progress-bar.js';
export type { TenantScheduleOptions } from './schedule/schedule-options.js';
export { TenantCron, type TenantCronOptions } from './schedule/tenant-cron.decorator.js';
export { TenantInterval, type TenantIntervalOptions } from './schedule/tenant-interval.decorator.js';
export { TenantRunner } from './schedule/tenant-runner.js';
export {
  type TenantScheduleAsyncOptions,
  TenantScheduleModule,
  type TenantScheduleOptionsFactory,
} from './schedule/tenant-schedule.module.js';
