export { TenantContext } from './context/tenant-context.js';
export type { Register, Tenant, TenantStatus } from './tenant.js';
