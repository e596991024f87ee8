import type { Builder, DataSource, QueryRunner } from '../typeorm-internals.js';
import { keepTurn } from './in-turn.js';
import { requireNotOver, transactionOf } from './transactions.js';

/** All or nothing: a savepoint in the caller's transaction, or else a transaction. Other writes of the connection wait for its end. */
export async function atomically<R>(builder: Builder, work: () => Promise<R>): Promise<R> {
  const source = (builder.dataSource ?? builder.connection) as DataSource;
  const given = builder.queryRunner;
  // What waited for its turn must not begin a transaction where the caller's has ended.
  requireNotOver(transactionOf(builder));
  const runner: QueryRunner = given ?? source.createQueryRunner();
  builder.queryRunner = runner;
  try {
    await runner.startTransaction();
    try {
      const result = await keepTurn(builder, runner, work);
      await runner.commitTransaction();
      return result;
    } catch (error) {
      await runner.rollbackTransaction().catch(() => {});
      throw error;
    }
  } finally {
    builder.queryRunner = given;
    if (!given) await runner.release();
  }
}
