export {
  TenantTypeOrmModule,
  type TenantTypeOrmModuleAsyncOptions,
  type TenantTypeOrmModuleOptions,
  type TenantTypeOrmOptionsFactory,
} from './nest/tenant-typeorm.module.js';
