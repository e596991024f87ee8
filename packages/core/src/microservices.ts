export type { MessagePatternOption, TenantMicroservicesOptions } from './microservices/microservices-options.js';
export {
  type TenantMicroservicesAsyncOptions,
  TenantMicroservicesModule,
  type TenantMicroservicesOptionsFactory,
} from './microservices/tenant-microservices.module.js';
