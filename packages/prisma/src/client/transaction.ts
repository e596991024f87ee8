import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { RawClient, TransactionOptions } from './raw-client.js';
import { transactionally, withClient } from './run-query.js';
import { captureCaller, type Scope, type ScopeTransaction } from './scope.js';
import { type QueryPlan, ScopedQuery } from './scoped-query.js';

/** Both forms of `$transaction`, nested too: from `BEGIN` to `COMMIT` they belong to the tenant that began them (P26). */
export async function runTransaction(
  scope: Scope,
  work: unknown,
  options: TransactionOptions | undefined,
  scopedClient: (scope: Scope) => object,
): Promise<unknown> {
  const caller = captureCaller(scope);
  const { tenantId, within } = caller;
  if (typeof work === 'function') {
    return withClient(scope, caller, (client) =>
      within(() =>
        client.$transaction(async (transaction) => {
          const own: ScopeTransaction = { client: transaction, tenantId, failure: null };
          const result = await work(scopedClient({ ...scope, transaction: own }));
          if (own.failure) throw own.failure.error;
          return result;
        }, publicOptions(options)),
      ),
    );
  }
  const { transaction } = scope;
  const plans = (Array.isArray(work) ? work : [work]).map((query) => planOf(query, scope, tenantId));
  const oneByOne = async (client: RawClient) => {
    const results: unknown[] = [];
    for (const plan of plans) results.push(await plan.inTransaction(client));
    return results;
  };
  if (transaction) {
    const { failure } = transaction;
    try {
      // Prisma sends a batch past the transaction it is in.
      return await within(() => transaction.client.$transaction(oneByOne, publicOptions(options)));
    } catch (error) {
      // What they wrote is undone, and the transaction around them goes on.
      transaction.failure = failure;
      throw error;
    }
  }
  const singles = plans.map(({ single }) => single);
  // Prisma has committed a batch when its results are looked at: what was written would stay.
  const wouldCommitRefused = singles.some((single) => single?.mayRefuse) && !singles.every((single) => single?.isRead);
  if (!wouldCommitRefused && singles.every((single) => single !== null)) {
    return withClient(scope, caller, async (client) => {
      const results = await scope.turns.take(caller, () =>
        within(() =>
          client.$transaction(
            singles.map(({ start }) => start(client)),
            publicOptions(options),
          ),
        ),
      );
      return (results as unknown[]).map((result, index) => singles[index]?.check(result));
    });
  }
  // All of them run one after the other, in one transaction as well.
  return transactionally(scope, caller, oneByOne, publicOptions(options));
}

function planOf(query: unknown, scope: Scope, tenantId: string): QueryPlan {
  const plan = ScopedQuery.planOf(query);
  if (plan && 'refusal' in plan) throw plan.refusal;
  // P25: a query of the unscoped client must not ride along, nor one that belongs to another transaction.
  if (plan?.scope.identity !== scope.identity || (plan.scope.transaction !== scope.transaction && !plan.isLent)) {
    throw new TenantScopeError(
      'scope_refused',
      '`$transaction` was given something that is not a query of this scoped client. Create its queries with the same client.',
    );
  }
  if (plan.caller.tenantId !== tenantId) {
    throw new TenantScopeError(
      'transaction_tenant_changed',
      '`$transaction` was given a query that another tenant created. Create its queries where the transaction runs.',
    );
  }
  return plan;
}

/** Only what Prisma documents: it takes the id of somebody else's transaction by an option as well. */
function publicOptions({ maxWait, timeout, isolationLevel }: TransactionOptions = {}): TransactionOptions {
  return {
    ...(maxWait !== undefined && { maxWait }),
    ...(timeout !== undefined && { timeout }),
    ...(isolationLevel !== undefined && { isolationLevel }),
  };
}
