import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TenantContext } from '@tenancy/core';
import { createTenantPool, type TenantPool } from '@tenancy/postgres';
import { DEPLOYMENT, type Deployment } from '../settings/settings.module.js';
import { isolations } from './isolation.js';

export const TENANT_POOL = Symbol('TENANT_POOL');

/** The connections that run every query as the current company. */
export const InjectPool = () => Inject(TENANT_POOL);

@Global()
@Module({
  providers: [
    {
      provide: TENANT_POOL,
      inject: [DEPLOYMENT, TenantContext],
      useFactory: ({ databaseUrl: connectionString, isolation }: Deployment, context: TenantContext) =>
        createTenantPool({ connectionString, context, isolation: isolations[isolation].ofPool() }),
    },
  ],
  exports: [TENANT_POOL],
})
export class TenantPoolModule implements OnApplicationShutdown {
  constructor(@InjectPool() private readonly pool: TenantPool) {}

  onApplicationShutdown(): Promise<void> {
    return this.pool.end();
  }
}
