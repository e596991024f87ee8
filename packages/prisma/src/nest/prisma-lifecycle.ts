import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { TenantPoolLike } from '@tenancy/core/adapter';
import type { PrismaClientLike } from '../tenant-scoped-client.js';

/** Asks the database for an answer when the application starts, and disconnects when it ends. A pool is ended by who made it. */
export class PrismaLifecycle implements OnModuleInit, OnApplicationShutdown {
  readonly #client: Pick<PrismaClientLike, '$disconnect'>;
  readonly #ask: () => Promise<unknown>;

  constructor(client: Pick<PrismaClientLike, '$disconnect'>, ask: () => Promise<unknown>) {
    this.#client = client;
    this.#ask = ask;
  }

  /** A database that is not there, or does not hold tenants apart, stops the start, and not the first request. */
  async onModuleInit(): Promise<void> {
    await this.#ask();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#client.$disconnect();
  }
}

/** Waits until the database answers: with the floor's checks where there is one, or else to the least query there is. */
export async function askDatabase(prisma: unknown, floor: TenantPoolLike | undefined): Promise<void> {
  if (floor) return floor.verify();
  // `$connect` alone opens no connection: an adapter over a pool has nothing to do then, and a wrong database passes.
  const client = prisma as PrismaClientLike & { $queryRawUnsafe(sql: string): Promise<unknown> };
  await client.$connect();
  await client.$queryRawUnsafe('SELECT 1');
}
