import { privateSlot } from '../scope/private-slot.js';
import type { Builder } from '../typeorm-internals.js';

/** The look-ups that the latest update of a connection waits for, and those before it. */
const latest = privateSlot<Promise<unknown>>();

/**
 * Keeps updates in the order in which they were asked for, though one of them has to wait for look-ups: `save` asks for all of its updates at
 * once, and the last of a row is to be what stays.
 *
 * @returns null when an update need not wait.
 */
export function inTurn({ queryRunner }: Builder, lookUps: Promise<unknown> | null): Promise<unknown> | null {
  const before = queryRunner && latest.get(queryRunner);
  if (!before) {
    if (queryRunner && lookUps) keep(queryRunner, lookUps);
    return lookUps;
  }
  const all = Promise.all([before, lookUps]);
  keep(queryRunner, all);
  return all;
}

function keep(runner: object, wait: Promise<unknown>): void {
  const end = () => {
    if (latest.get(runner) === turn) latest.set(runner, undefined);
  };
  const turn: Promise<unknown> = wait.then(end, end);
  latest.set(runner, turn);
}
