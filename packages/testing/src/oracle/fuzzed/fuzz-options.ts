import type { Tenant } from '@tenancy/core';
import type { FuzzedPrismaSchema } from './fuzzed-schema.js';
import { misuse } from './isolation-fuzz-error.js';

/** Options of `fuzzIsolation`. */
export interface FuzzIsolationOptions {
  /**
   * A PostgreSQL database with the tables, and with rows of each tenant. It is copied and never changed; its role must be
   * a superuser, and nobody else may be connected to it while it is copied.
   */
  readonly url: string;
  /** At least two, whose rows are in the database. */
  readonly tenants: readonly Tenant[];
  /** The column that holds the tenant's id, as the database calls it. */
  readonly tenantColumn: string;
  /**
   * The field of Prisma's models, or the property of TypeORM's entities, that is this column.
   * @defaultValue `tenantColumn`, or the same in camel case
   */
  readonly tenantField?: string;
  /**
   * For Prisma, and required there: what the generator `tenancy-prisma` writes. TypeORM describes its entities itself.
   * @defaultValue none, for TypeORM
   */
  readonly schema?: FuzzedPrismaSchema;
  /**
   * Seed of the random operations. The same seed, schema and rows give the same operations.
   * @defaultValue a random one, which the report and each failure name
   */
  readonly seed?: number;
  /**
   * Number of operations that are compared.
   * @defaultValue 500
   */
  readonly runs?: number;
  /**
   * Closes a client that `open` returned.
   * @defaultValue `client.$disconnect()`, or `client.destroy()`
   */
  readonly close?: (client: object) => unknown;
}

export interface ResolvedOptions {
  readonly url: string;
  readonly tenants: readonly Tenant[];
  readonly tenantColumn: string;
  readonly tenantFields: readonly string[];
  readonly schema: FuzzedPrismaSchema | null;
  readonly seed: number;
  readonly runs: number;
  readonly close: (client: object) => unknown;
}

/** @throws `fuzz_misuse` when they do not allow a proof. */
export function resolved(options: FuzzIsolationOptions): ResolvedOptions {
  const { url, tenants, tenantColumn, tenantField, schema, runs = 500 } = options ?? {};
  const seed = options?.seed ?? Math.floor(Math.random() * 2 ** 31);
  if (typeof url !== 'string' || !/^postgres(ql)?:/.test(url)) {
    throw misuse('the option `url` is no URL of a PostgreSQL database. Pass the database with the rows to copy.');
  }
  if (!Array.isArray(tenants) || tenants.length < 2 || tenants.some((each) => typeof each?.id !== 'string')) {
    throw misuse('the option `tenants` needs at least two tenants: where there is one, nothing can leak.');
  }
  const ids = tenants.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw misuse(`the tenant ${twice} is named twice. Each tenant must be another one.`);
  if (typeof tenantColumn !== 'string' || tenantColumn === '') {
    throw misuse("the option `tenantColumn` is missing. Pass the SQL name of the column with the tenant's id.");
  }
  if (!Number.isSafeInteger(runs) || runs < 1)
    throw misuse(`the option \`runs\` is ${runs}. Pass a whole number above 0.`);
  if (!Number.isSafeInteger(seed)) throw misuse(`the option \`seed\` is ${seed}. Pass a whole number.`);
  const camelCase = tenantColumn.replace(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
  return {
    url,
    tenants,
    tenantColumn,
    tenantFields: tenantField === undefined ? [tenantColumn, camelCase] : [tenantField],
    schema: schema ?? null,
    seed,
    runs,
    close: options.close ?? closeClient,
  };
}

async function closeClient(client: object): Promise<void> {
  const { $disconnect, destroy } = client as { $disconnect?: () => unknown; destroy?: () => unknown };
  await ($disconnect ?? destroy)?.call(client);
}
