import { Injectable } from '@nestjs/common';
import { type DirectoryTenant, type NewTenant, provisionTenant } from '@tenancy/postgres/tenants';
import type { ClientBase } from 'pg';
import { isolations } from '../database/isolation.js';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';
import { CompanyDirectory } from './company-directory.js';
import type { CompanySettings } from './company-settings.js';

/** Makes companies: the demo's, and those that sign up. */
@Injectable()
export class Companies {
  constructor(
    private readonly directory: CompanyDirectory,
    @InjectDeployment() private readonly deployment: Deployment,
  ) {}

  /**
   * A company with its tables and its first rows, in one transaction: all of it is there, or nothing. `seed` writes as the application
   * does, held to the company.
   *
   * @throws TenantsError as `provisionTenant`.
   */
  create(
    tenant: Pick<NewTenant<CompanySettings>, 'id' | 'slug' | 'name' | 'settings'>,
    seed: (client: ClientBase, company: DirectoryTenant<CompanySettings>) => Promise<void>,
  ): Promise<DirectoryTenant<CompanySettings>> {
    const { isolation, databaseUrl, adminDatabaseUrl } = this.deployment;
    const { kind, places } = isolations[isolation];
    return provisionTenant({
      directory: this.directory,
      places: places({ adminDatabaseUrl, role: decodeURIComponent(new URL(databaseUrl).username) }),
      tenant,
      at: { kind },
      seed,
    });
  }
}
