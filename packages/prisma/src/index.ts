export { isTenantScopeError, TenantScopeError, type TenantScopeErrorCode } from './errors/tenant-scope-error.js';
export type { TenantPoolLike } from './floor.js';
export { type TenantScopedOptions, tenantScoped } from './tenant-scoped.js';
export type { PrismaClientLike, RawSql, TenantScopedClient, TenantScopedTransaction } from './tenant-scoped-client.js';
