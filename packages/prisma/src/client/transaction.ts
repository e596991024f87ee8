import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { RawClient, TransactionOptions } from './raw-client.js';
import { captureCaller, type Scope } from './scope.js';
import { type LazyQuery, ScopedQuery } from './scoped-query.js';

/** Both forms of `$transaction`: from `BEGIN` to `COMMIT` they belong to the tenant that began them. */
export async function runTransaction(
  scope: Scope,
  work: unknown,
  options: TransactionOptions | undefined,
  scopedClient: (scope: Scope) => object,
): Promise<unknown> {
  const { tenantId, within } = captureCaller(scope);
  const { client } = scope;
  if (typeof work === 'function') {
    const inTransaction = async (transaction: RawClient) =>
      work(scopedClient({ ...scope, client: transaction, transactionOf: tenantId }));
    return client.$transaction(inTransaction, publicOptions(options));
  }
  const plans = (Array.isArray(work) ? work : [work]).map((query) => {
    const plan = ScopedQuery.planOf(query);
    // P25: a query of the unscoped client must not ride along.
    if (plan?.client !== client) {
      throw new TenantScopeError(
        'scope_refused',
        '`$transaction` was given something that is not a query of this scoped client. Create its queries with the same client.',
      );
    }
    return plan;
  });
  const queries = plans.map(({ query, tenantId: createdBy }): LazyQuery => {
    if ('refusal' in query) throw query.refusal;
    if (createdBy !== tenantId) {
      throw new TenantScopeError(
        'transaction_tenant_changed',
        '`$transaction` was given a query that another tenant created. Create its queries where the transaction runs.',
      );
    }
    return query.start();
  });
  const results = await scope.turns.take(tenantId, () =>
    within(() => client.$transaction(queries, publicOptions(options))),
  );
  return (results as unknown[]).map((result, index) => plans[index]?.check(result));
}

/** Only what Prisma documents: it takes the id of somebody else's transaction by an option as well. */
function publicOptions({ maxWait, timeout, isolationLevel }: TransactionOptions = {}): TransactionOptions {
  return {
    ...(maxWait !== undefined && { maxWait }),
    ...(timeout !== undefined && { timeout }),
    ...(isolationLevel !== undefined && { isolationLevel }),
  };
}
