export { getTenantPrismaToken, InjectTenantPrisma } from './nest/inject-tenant-prisma.decorator.js';
export { TenantPrismaModule } from './nest/tenant-prisma.module.js';
export type { TenantPrismaModuleExtras, TenantPrismaOptionsFactory } from './nest/tenant-prisma.module-definition.js';
export type { TenantPrismaOptions } from './nest/tenant-prisma-options.js';
