export { AdminPool, type AdminPoolAuditEvent, type AdminPoolOptions } from './admin/admin-pool.js';
