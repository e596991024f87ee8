export { acrossTenants, byTenant, type TenantLimitOptions, tenantLimit } from './throttler/limits.js';
export { TenantThrottlerGuard } from './throttler/tenant-throttler.guard.js';
