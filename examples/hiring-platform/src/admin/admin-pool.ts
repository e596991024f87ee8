import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { type Deployment, InjectDeployment } from '../settings/settings.module.js';

/** Connections for the platform's own tables, such as which process runs which tick. */
@Injectable()
export class AdminPool extends pg.Pool implements OnApplicationShutdown {
  constructor(@InjectDeployment() { adminDatabaseUrl }: Deployment) {
    super({ connectionString: adminDatabaseUrl, max: 2 });
    // An idle connection that the server ends is replaced by the next query; without a listener it would end the process.
    this.on('error', (error) => new Logger(AdminPool.name).warn(error.message));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.end();
  }
}
