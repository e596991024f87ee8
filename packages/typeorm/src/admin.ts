export {
  AdminDataSource,
  type AdminDataSourceAuditEvent,
  type AdminDataSourceOptions,
} from './admin/admin-data-source.js';
