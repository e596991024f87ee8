import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { TenantPoolLike } from '../floor.js';
import type { PrismaClientLike } from '../tenant-scoped-client.js';

/** Connects or verifies when the application starts, and disconnects when it ends. A pool is ended by who made it. */
export class TenantPrismaLifecycle implements OnModuleInit, OnApplicationShutdown {
  readonly #client: Pick<PrismaClientLike, '$connect' | '$disconnect'>;
  readonly #floor: TenantPoolLike | undefined;

  constructor(client: Pick<PrismaClientLike, '$connect' | '$disconnect'>, floor: TenantPoolLike | undefined) {
    this.#client = client;
    this.#floor = floor;
  }

  /** Under a floor, a database that does not hold tenants apart stops the start, and not the first request. */
  async onModuleInit(): Promise<void> {
    if (this.#floor) await this.#floor.verify();
    else await this.#client.$connect();
  }

  onApplicationShutdown(): Promise<void> {
    return this.#client.$disconnect();
  }
}
