import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { TenantDirectory } from '@tenancy/postgres/tenants';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';

import { type CompanySettings, companySettings } from './company-settings.js';

declare module '@tenancy/core' {
  interface Register {
    tenant: { name: string; settings?: CompanySettings };
  }
}

/** The companies: who signs up, is suspended or renamed in one process is so in all. */
@Injectable()
export class CompanyDirectory extends TenantDirectory<CompanySettings> implements OnApplicationShutdown {
  constructor(@InjectDeployment() { adminDatabaseUrl: connectionString }: Deployment) {
    super({ connection: { connectionString, max: 2 }, reserved: [...RESERVED], settings: companySettings });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }
}

/** Names below the platform's domain that are no company's. */
export const RESERVED = ['www', 'api', 'app', 'admin'];
