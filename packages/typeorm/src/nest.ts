export { TenantTypeOrmModule } from './nest/tenant-typeorm.module.js';
export type {
  TenantTypeOrmModuleAsyncOptions,
  TenantTypeOrmModuleOptions,
  TenantTypeOrmOptionsFactory,
} from './nest/tenant-typeorm-options.js';
