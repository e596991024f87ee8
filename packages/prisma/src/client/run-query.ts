import type { ClientLease } from './client-source.js';
import type { LazyQuery, RawClient, TransactionOptions } from './raw-client.js';
import type { Caller, Scope } from './scope.js';

/**
 * Starts one query of Prisma's in its tenant's context, and where Prisma gathers what comes in one tick, in a tick that no other
 * tenant's queries share (C3).
 *
 * @param isGathered - of `findUnique`, and of whatever runs in a transaction
 */
export function startQuery(
  { turns }: Scope,
  { tenantId, within, variables }: Caller,
  isGathered: boolean,
  start: () => LazyQuery,
  check = (result: unknown): unknown => result,
): Promise<unknown> {
  const begin = () => within(() => start().then(check));
  return isGathered ? turns.take({ tenantId, variables }, begin) : begin();
}

/** The client of the transaction, or one of the caller's for as long as `work` takes. */
export function withClient<R>(scope: Scope, caller: Caller, work: (client: RawClient) => Promise<R>): Promise<R> {
  const { transaction, before, source } = scope;
  if (transaction) return work(transaction.client);
  const { lease, template } = source;
  const start = lease ? () => leased(lease, caller, work) : () => work(template);
  return before ? before.then(start) : start();
}

async function leased<R>(
  lease: () => ClientLease,
  { within }: Caller,
  work: (client: RawClient) => Promise<R>,
): Promise<R> {
  const { client, release } = within(lease);
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
