export type { TenantAuditEvent } from './admin/audit-event.js';
export { TenantAdmin } from './admin/tenant-admin.js';
export { ContextVariable } from './context/context-variable.js';
