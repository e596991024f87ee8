import type { TenantContext } from '@tenancy/core';
import type { RawClient } from './client/raw-client.js';
import { scopedClient } from './client/scoped-client.js';
import { TenantTurns } from './client/tenant-turns.js';
import { TenantScopeError } from './errors/tenant-scope-error.js';
import { checkFloor, type TenantPoolLike } from './floor.js';
import { classify } from './schema/classify.js';
import { readSchema } from './schema/read-schema.js';
import type { PrismaClientLike, RawSql, TenantScopedClient } from './tenant-scoped-client.js';

export interface TenantScopedOptions {
  /** Where the tenant comes from. */
  readonly context: Pick<TenantContext, 'tenantId' | 'bind'>;
  /**
   * The models without the tenant field, by name: every tenant may read all of their rows, and none may write.
   * @defaultValue `[]`
   */
  readonly shared?: readonly string[];
  /**
   * The field that holds the tenant's id.
   * @defaultValue `'tenantId'`
   */
  readonly tenantField?: string;
  /**
   * The pool of @tenancy/postgres that the client sends its queries through. Row-level security then holds raw SQL to the
   * tenant, so it is allowed.
   */
  readonly floor?: TenantPoolLike;
}

/**
 * A Prisma client whose every query stays within the tenant of the context it is created in. What cannot be kept there
 * is refused; nothing runs unscoped.
 *
 * @throws `scope_misconfigured` when a model is unclassified, `shared` is wrong, or the client cannot be scoped.
 *
 * @example
 * ```ts
 * import { TenantContext } from '@tenancy/core';
 * import { tenantScoped } from '@tenancy/prisma';
 * import { PrismaPg } from '@prisma/adapter-pg';
 * import { PrismaClient } from './generated/client.js';
 *
 * const context = new TenantContext();
 * const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL });
 * const prisma = tenantScoped(new PrismaClient({ adapter }), { context, shared: ['Country'] });
 * const jobs = await context.run({ id: 't_acme', slug: 'acme' }, () => prisma.job.findMany());
 * ```
 */
export function tenantScoped<Client extends PrismaClientLike>(
  prisma: Client,
  options: TenantScopedOptions & { readonly floor: TenantPoolLike },
): TenantScopedClient<Client, RawSql>;
export function tenantScoped<Client extends PrismaClientLike>(
  prisma: Client,
  options: TenantScopedOptions,
): TenantScopedClient<Client>;
export function tenantScoped<Client extends PrismaClientLike>(
  prisma: Client,
  options: TenantScopedOptions,
): TenantScopedClient<Client> {
  const { context, shared = [], tenantField = 'tenantId', floor } = options ?? {};
  if (typeof context?.bind !== 'function')
    throw misconfigured('the option `context` is missing. Pass a TenantContext.');
  const internal = prisma as { _extensions?: { isEmpty?(): boolean }; _activeProvider?: unknown } | null | undefined;
  // An extension's own methods hold the unscoped client, and its query hooks could take the tenant out again.
  if (internal?._extensions?.isEmpty?.() !== true) {
    throw misconfigured(
      'this is not a PrismaClient of Prisma 7 without extensions. Pass `new PrismaClient(…)` itself.',
    );
  }
  if (internal._activeProvider !== 'postgresql') {
    throw misconfigured('this version is proven on PostgreSQL only. Use a client whose datasource is "postgresql".');
  }
  checkFloor(prisma, floor);
  const models = classify(readSchema(prisma), shared, tenantField);
  const client = prisma as unknown as RawClient;
  return scopedClient({
    client,
    context,
    models,
    turns: TenantTurns.of(client),
    hasFloor: floor !== undefined,
    transactionOf: null,
  }) as TenantScopedClient<Client>;
}

function misconfigured(explanation: string): TenantScopeError {
  return new TenantScopeError('scope_misconfigured', `tenantScoped: ${explanation}`);
}
