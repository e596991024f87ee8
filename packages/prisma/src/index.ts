export { isTenantScopeError, TenantScopeError, type TenantScopeErrorCode } from './errors/tenant-scope-error.js';
export type { TenantPoolLike } from './floor.js';
export { getTenantPrismaToken, InjectTenantPrisma } from './module/inject-tenant-prisma.decorator.js';
export { TenantPrismaModule } from './module/tenant-prisma.module.js';
export type {
  TenantPrismaModuleExtras,
  TenantPrismaOptions,
  TenantPrismaOptionsFactory,
} from './module/tenant-prisma.module-definition.js';
export type { TenancySchema, TenancySchemaField } from './schema/generated-schema.js';
export { type ClientPerSchemaOptions, type TenantScopedOptions, tenantScoped } from './tenant-scoped.js';
export type { PrismaClientLike, RawSql, TenantScopedClient, TenantScopedTransaction } from './tenant-scoped-client.js';
export type { TenantScopedExtends } from './tenant-scoped-extends.js';
