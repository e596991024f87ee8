import type { LazyQuery, RawClient, TransactionOptions } from './raw-client.js';
import type { Caller, Scope } from './scope.js';

/** Starts one query of Prisma's in its tenant's context, and in a tick that no other tenant's queries share (C3). */
export function startQuery({ turns }: Scope, { tenantId, within }: Caller, start: () => LazyQuery): Promise<unknown> {
  return turns.take(tenantId, () => within(() => new Promise((resolve, reject) => start().then(resolve, reject))));
}

/** The client of the transaction, or one of the caller's for as long as `work` takes. */
export async function withClient<R>(
  scope: Scope,
  { within }: Caller,
  work: (client: RawClient) => Promise<R>,
): Promise<R> {
  if (scope.transaction) return work(scope.transaction.client);
  if (scope.before) await scope.before;
  const { client, release } = within(() => scope.source.lease());
  try {
    return await work(client);
  } finally {
    release();
  }
}

/** One query needs no transaction of the caller's: it takes as long as it takes, as without one. */
const UNLIMITED: TransactionOptions = { maxWait: 2 ** 31 - 1, timeout: 2 ** 31 - 1 };

/** Runs steps that belong together in a transaction: the one that is there, or one of their own. */
export function transactionally<R>(
  scope: Scope,
  caller: Caller,
  work: (client: RawClient) => Promise<R>,
  options: TransactionOptions = {},
): Promise<R> {
  return withClient(scope, caller, (client) =>
    scope.transaction
      ? work(client)
      : caller.within(() => client.$transaction((transaction) => work(transaction), { ...UNLIMITED, ...options })),
  );
}
