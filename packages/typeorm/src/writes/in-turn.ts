import { AsyncLocalStorage } from 'node:async_hooks';
import { privateSlot } from '../scope/private-slot.js';
import type { Builder, QueryRunner } from '../typeorm-internals.js';

/** Settled when the last write of a connection is sent, or is not going to be. */
const turns = privateSlot<Promise<void>>();

/** Builders that keep their turn until all of their work is done. */
const kept = privateSlot<true>();

/** The connection whose turn is kept by the code that runs: what a subscriber writes meanwhile belongs to it. */
const keeping = new AsyncLocalStorage<QueryRunner>();

/**
 * Sends the writes of a connection in the order in which they were asked for, as they are without a scope: one that waits for look-ups
 * is not overtaken.
 *
 * @param work - sends its statement by what it is given.
 */
export async function inTurn<R>(
  builder: Builder,
  work: (send: (write: () => unknown) => unknown) => Promise<R>,
): Promise<R> {
  const { queryRunner } = builder;
  if (!queryRunner || keeping.getStore() === queryRunner) return work((write) => write());
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
      if (!kept.get(builder)) sent();
      return write();
    });
  } finally {
    sent();
  }
}

/** Keeps the turn of a builder until `work` is done: savepoints of two writes at once would end each other. */
export async function keepTurn<R>(builder: Builder, runner: QueryRunner, work: () => Promise<R>): Promise<R> {
  kept.set(builder, true);
  try {
    return await keeping.run(runner, work);
  } finally {
    kept.set(builder, undefined);
  }
}
