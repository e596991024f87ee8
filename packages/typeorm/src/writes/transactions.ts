import { TenantScopeError } from '../errors/tenant-scope-error.js';
import { privateSlot } from '../scope/private-slot.js';
import type { Builder, QueryRunner } from '../typeorm-internals.js';

/** A transaction, or the part of one from a savepoint on. */
export interface Transaction {
  readonly outer: Transaction | null;
  isOver: boolean;
}

/** The transaction that each query runner is in: as sent, since a connection runs in that order what it is sent. */
const current = privateSlot<Transaction>();
const began = privateSlot<Transaction>();

/** @param sql - which begins, ends or divides a transaction, and is about to be sent. */
export function enterOrLeave(runner: QueryRunner, sql: string): void {
  const before = current.get(runner) ?? null;
  if (/^(?:BEGIN|START)\b/.test(sql)) current.set(runner, { outer: null, isOver: false });
  else if (sql.startsWith('SAVEPOINT')) current.set(runner, { outer: before, isOver: false });
  else if (sql === 'COMMIT' || sql === 'ROLLBACK') {
    for (let each = before; each; each = each.outer) each.isOver = true;
    current.set(runner, undefined);
  } else if (before && /^(?:RELEASE|ROLLBACK TO)\b/.test(sql)) {
    // What a savepoint is released of belongs to the transaction around it.
    before.isOver = sql.startsWith('ROLLBACK');
    current.set(runner, before.outer ?? undefined);
  }
}

/** Keeps the transaction that a write begins in: it may have to wait for look-ups before it is sent. */
export function rememberTransaction(builder: Builder): void {
  const transaction = builder.queryRunner && current.get(builder.queryRunner);
  if (transaction !== began.get(builder)) began.set(builder, transaction);
}

/** The transaction that a write of a builder began in. */
export function transactionOf(builder: Builder): Transaction | undefined {
  return began.get(builder);
}

/** @throws `scope_refused` where the transaction that a write began in is over: what is sent now would stay though that was undone. */
export function requireNotOver(transaction: Transaction | undefined): void {
  for (let each = transaction ?? null; each; each = each.outer) {
    if (!each.isOver) continue;
    throw new TenantScopeError(
      'scope_refused',
      'a write was not sent, because the transaction that it began in had ended before it could be: another write of the transaction ' +
        'failed, or nobody waited for this one. Await every write before its transaction ends.',
    );
  }
}
