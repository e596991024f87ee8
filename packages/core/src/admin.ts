export type {
  CacheAuditEvent,
  QueueAuditEvent,
  RunAsAuditEvent,
  SocketAuditEvent,
  StorageAuditEvent,
  TenantAuditEvent,
} from './admin/audit-event.js';
export { TenantAdmin } from './admin/tenant-admin.js';
export { type RawCache, TenantCacheAdmin } from './admin/tenant-cache-admin.js';
export { TenantQueueAdmin } from './admin/tenant-queue-admin.js';
export { TenantSocketAdmin } from './admin/tenant-socket-admin.js';
export { TenantStorageAdmin } from './admin/tenant-storage-admin.js';
export { ContextVariable } from './context/context-variable.js';
