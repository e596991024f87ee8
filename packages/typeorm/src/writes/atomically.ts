import type { Builder, DataSource, QueryRunner } from '../typeorm-internals.js';

/** All or nothing: a savepoint in the caller's transaction, or else a transaction. */
export async function atomically<R>(builder: Builder, work: () => Promise<R>): Promise<R> {
  const source = (builder.dataSource ?? builder.connection) as DataSource;
  const given = builder.queryRunner;
  const runner: QueryRunner = given ?? source.createQueryRunner();
  builder.queryRunner = runner;
  try {
    await runner.startTransaction();
    try {
      const result = await work();
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
