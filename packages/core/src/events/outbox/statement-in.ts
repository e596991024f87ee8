import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import { IN_TRANSACTION } from '../../in-transaction.js';
import { isTenantPool } from '../../tenant-pool.js';

/** One statement with `$1` for the first of `values`, sent on the connection of a transaction. */
export type Statement = (sql: string, values: readonly unknown[]) => Promise<unknown>;

type Method = (...args: unknown[]) => Promise<unknown>;

type Runner = { readonly isTransactionActive?: boolean } | null | undefined;

interface Transaction {
  readonly $executeRawUnsafe?: unknown;
  readonly $connect?: unknown;
  readonly query?: unknown;
  readonly queryRunner?: Runner;
  readonly manager?: { readonly queryRunner?: Runner };
  readonly isTransactionActive?: boolean;
  readonly getTransactionStatus?: unknown;
}

/**
 * The way to send a statement in `transaction`, whatever library has begun it: a client of `pg`, the `tx` of Prisma's `$transaction`,
 * the manager or query runner of TypeORM; or a function that takes the SQL and its values, for any other.
 *
 * @throws `tenancy_misconfigured` for what is no transaction: an event beside it survives what is rolled back, or is lost.
 */
export function statementIn(transaction: unknown): Statement {
  if (typeof transaction === 'function') return transaction as Statement;
  if (typeof transaction !== 'object' || transaction === null) throw noTransaction('is given none');
  const { $executeRawUnsafe, $connect, query } = transaction as Transaction;
  if (typeof $executeRawUnsafe === 'function') {
    // A transaction of Prisma's own client has none, and that of a scoped one says what it is.
    if (typeof $connect === 'function' && !(IN_TRANSACTION in transaction))
      throw noTransaction('is given the Prisma client');
    return (sql, values) => ($executeRawUnsafe as Method).call(transaction, sql, ...values);
  }
  if (typeof query !== 'function') throw noTransaction('is given something that no statement can be sent with');
  if (isOutside(transaction as Transaction)) throw noTransaction('is given a connection outside of one');
  return (sql, values) => (query as Method).call(transaction, sql, values);
}

function isOutside(given: Transaction): boolean {
  if (isTenantPool(given)) return true;
  // TypeORM: a query runner says so itself; a manager has that of its transaction, a repository a manager, and a data source none.
  if (typeof given.isTransactionActive === 'boolean') return !given.isTransactionActive;
  if ('createQueryBuilder' in given) {
    return (given.queryRunner ?? given.manager?.queryRunner)?.isTransactionActive !== true;
  }
  // pg 8.16 and later: `I` is idle.
  const { getTransactionStatus } = given;
  return typeof getTransactionStatus === 'function' && getTransactionStatus.call(given) === 'I';
}

const noTransaction = (problem: string) =>
  new TenancyConfigurationError(
    'TenantOutbox.add',
    problem,
    'Pass the transaction that writes what the event is about: the client of pg after `begin`, `tx` of `prisma.$transaction`, the ' +
      '`manager` of `dataSource.transaction`, or `(sql, values) => …` for another library.',
  );
