import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/client.js';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';

/**
 * The client that no tenant limits: it reads and writes the rows of every company. Only this folder uses it, for work
 * that happens before there is a tenant.
 */
@Injectable()
export class AdminPrisma extends PrismaClient implements OnApplicationShutdown {
  constructor(@InjectDeployment() { adminDatabaseUrl }: Deployment) {
    super({ adapter: new PrismaPg({ connectionString: adminDatabaseUrl, max: 2 }) });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.$disconnect();
  }
}
