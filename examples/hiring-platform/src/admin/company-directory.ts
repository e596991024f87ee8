import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { TenantDirectory } from '@tenancy/postgres/tenants';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';

declare module '@tenancy/core' {
  interface Register {
    tenant: { name: string };
  }
}

/** The companies: who signs up, is suspended or renamed in one process is so in all. */
@Injectable()
export class CompanyDirectory extends TenantDirectory implements OnApplicationShutdown {
  constructor(@InjectDeployment() { adminDatabaseUrl: connectionString }: Deployment) {
    super({ connection: { connectionString, max: 2 }, reserved: [...RESERVED] });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }
}

/** Names below the platform's domain that are no company's. */
export const RESERVED = ['www', 'api', 'app', 'admin'];
