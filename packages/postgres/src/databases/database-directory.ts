import type { Tenant } from '@tenancy/core';
import type { PoolConfig } from 'pg';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { databaseAddress } from './database-address.js';
import { databaseConfig } from './database-config.js';

/** Says where a tenant's database is: a connection string, or as `pg` takes it. */
export type DatabaseConnection = (tenant: Tenant) => PoolConfig | string | Promise<PoolConfig | string>;

/**
 * Finds each tenant's database, as the application says, and remembers whose each database is: the first tenant's that was led to
 * it, for as long as the strategy lives.
 *
 * A tenant that moves keeps its old database too. Its rows may still be there, so to lead another tenant to it is refused
 * as a mistake would be: a database is given to somebody else by a new process.
 */
export class DatabaseDirectory {
  readonly #connection: DatabaseConnection;
  readonly #owners = new Map<string, string>();
  readonly #timeout: number;

  /** @param timeout - milliseconds that `connection` has for its answer */
  constructor(connection: DatabaseConnection, timeout: number) {
    this.#connection = connection;
    this.#timeout = timeout;
  }

  /**
   * @param options - those of the pool that the database is for
   * @throws `tenant_unplaceable` when the tenant has no database of its own that could be used.
   */
  async locate(tenant: Tenant, options: PoolConfig): Promise<PoolConfig> {
    const config = configOf(await this.#ask(tenant), options);
    this.#claim(addressOf(config), tenant.id);
    return config;
  }

  async #ask(tenant: Tenant): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      const late = () => reject(new Error(`\`connection\` did not answer within ${this.#timeout} ms.`));
      timer = setTimeout(late, this.#timeout).unref();
    });
    try {
      return await Promise.race([this.#connection(tenant), silence]);
    } catch (cause) {
      throw unplaceable('`connection` failed for this tenant; see the cause. The next query asks it again.', cause);
    } finally {
      clearTimeout(timer);
    }
  }

  #claim(address: string, tenantId: string): void {
    const owner = this.#owners.get(address) ?? tenantId;
    if (owner !== tenantId) {
      throw unplaceable(
        'two tenants were given the same database, and the second is refused. Let `connection` answer with a database ' +
          'of its own for each tenant; after a database has changed hands on purpose, restart the process.',
      );
    }
    this.#owners.set(address, owner);
  }
}

function configOf(answer: unknown, options: PoolConfig): PoolConfig {
  if (typeof answer === 'string' && answer !== '') return databaseConfig(options, { connectionString: answer });
  if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) {
    const { Client, pipeline } = answer as PoolConfig;
    if (Client === undefined && !pipeline) return databaseConfig(options, answer);
    throw unplaceable(
      '`connection` answered with `Client` or `pipeline` for this tenant, which the pool does not support: it makes connections of ' +
        'its own kind, and each reply must begin with its own binding. Leave them out.',
    );
  }
  throw unplaceable(
    '`connection` answered with neither a connection string nor a configuration for this tenant. Answer with one of ' +
      'the two, or throw.',
  );
}

function addressOf(config: PoolConfig): string {
  try {
    return databaseAddress(config);
  } catch (cause) {
    throw unplaceable(
      '`connection` answered with a configuration that names no database for this tenant, or that pg cannot read; see ' +
        'the cause. The database is never left to a default: name it in `database` or in the connection string.',
      cause,
    );
  }
}

function unplaceable(explanation: string, cause?: unknown): TenantFloorError {
  return new TenantFloorError('tenant_unplaceable', explanation, cause === undefined ? undefined : { cause });
}
