import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import type { Tenant } from '@tenancy/core';
import pg from 'pg';
import { isolations } from '../database/isolation.js';
import { PrismaClient } from '../generated/client.js';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';

/**
 * The client that no tenant limits: it reads and writes the rows of every company. Only this folder uses it, for work
 * that happens before there is a tenant.
 */
@Injectable()
export class AdminPrisma extends PrismaClient implements OnApplicationShutdown {
  constructor(@InjectDeployment() private readonly deployment: Deployment) {
    super({ adapter: new PrismaPg({ connectionString: deployment.adminDatabaseUrl, max: 2 }) });
  }

  /** The same where a company's tables are, for its models and for SQL. Whoever asks for it disconnects it. */
  ofCompany(company: Pick<Tenant, 'id'>): PrismaClient {
    const { adminDatabaseUrl: connectionString, isolation } = this.deployment;
    const schema = isolations[isolation].schemaOf(company);
    const options = `-c search_path=${pg.escapeIdentifier(schema)}`;
    return new PrismaClient({ adapter: new PrismaPg({ connectionString, options, max: 1 }, { schema }) });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.$disconnect();
  }
}
