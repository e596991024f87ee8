import { privateSlot } from '../scope/private-slot.js';
import type { QueryRunner } from '../typeorm-internals.js';

type Check = () => Promise<void>;

/** Look-ups before a transaction is committed, as the database does with foreign keys that are deferrable. */
const waiting = privateSlot<Check[]>();
/** How many waited when a savepoint was made. */
const savepoints = privateSlot<Map<string, number>>();

export function defer(runner: QueryRunner, check: Check): void {
  waiting.set(runner, [...(waiting.get(runner) ?? []), check]);
}

/** Keeps account of what is undone. @param sql - which begins, ends or divides a transaction. */
export function followTransaction(runner: QueryRunner, sql: string): void {
  const checks = waiting.get(runner);
  if (!checks) return;
  const [, statement, name = ''] = /^(SAVEPOINT|ROLLBACK TO SAVEPOINT) (.+)$/.exec(sql) ?? [];
  const made = savepoints.get(runner) ?? new Map<string, number>();
  savepoints.set(runner, made);
  if (statement === 'SAVEPOINT') made.set(name, checks.length);
  else if (statement) waiting.set(runner, checks.slice(0, made.get(name) ?? 0));
  else if (sql === 'ROLLBACK' || sql === 'COMMIT') {
    waiting.set(runner, undefined);
    savepoints.set(runner, undefined);
  }
}

/** @returns null when there is nothing to look up, so that nobody waits for it. */
export function checkBeforeCommit(runner: QueryRunner): Promise<void> | null {
  const checks = waiting.get(runner);
  return checks?.length ? checks.reduce((before, check) => before.then(check), Promise.resolve()) : null;
}
