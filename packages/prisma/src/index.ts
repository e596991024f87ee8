export { isTenantScopeError, TenantScopeError, type TenantScopeErrorCode } from './errors/tenant-scope-error.js';
export { type TenantScopedOptions, tenantScoped } from './tenant-scoped.js';
export type { PrismaClientLike, TenantScopedClient, TenantScopedTransaction } from './tenant-scoped-client.js';
