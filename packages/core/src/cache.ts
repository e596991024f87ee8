export { TenantCache } from './cache/tenant-cache.js';
export { TenantCacheModule } from './cache/tenant-cache.module.js';
export type { TenantCacheOptions } from './cache/tenant-cache.options.js';
