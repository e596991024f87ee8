export { AdminPrisma, type AdminPrismaAuditEvent, type AdminPrismaOptions } from './admin/admin-prisma.js';
