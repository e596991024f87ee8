/**
 * A mark for the client of a transaction that looks like the client outside of one: what has to be written in a transaction, or not at
 * all, is taken by it.
 *
 * @example
 * ```ts
 * import { IN_TRANSACTION } from '@tenancy/core/adapter';
 *
 * class TransactionClient {
 *   readonly [IN_TRANSACTION] = true;
 * }
 * ```
 */
export const IN_TRANSACTION = Symbol.for('@tenancy/core:in-transaction');
