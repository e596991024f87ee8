import { privateSlot } from '../scope/private-slot.js';
import type { Builder } from '../typeorm-internals.js';

/** Settled when the last write of a connection is sent, or is not going to be. */
const turns = privateSlot<Promise<void>>();

/**
 * Sends the writes of a connection in the order in which they were asked for, as they are without a scope: one that waits for look-ups
 * is not overtaken.
 *
 * @param work - sends its statement by what it is given.
 */
export async function inTurn<R>(
  { queryRunner }: Builder,
  work: (send: (write: () => unknown) => unknown) => Promise<R>,
): Promise<R> {
  if (!queryRunner) return work((write) => write());
  const before = turns.get(queryRunner);
  let sent = () => {};
  const turn = new Promise<void>((resolve) => {
    sent = () => {
      if (turns.get(queryRunner) === turn) turns.set(queryRunner, undefined);
      resolve();
    };
  });
  turns.set(queryRunner, turn);
  try {
    if (before) await before;
    return await work((write) => {
      sent();
      return write();
    });
  } finally {
    sent();
  }
}
