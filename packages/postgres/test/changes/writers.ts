import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { ChangeDatabase } from './change-database.js';

export interface Written<R> {
  readonly result: R;
  /** Milliseconds of the longest transaction of a writer. */
  readonly worst: number;
  readonly transactions: number;
  /** Codes of errors that a writer got. */
  readonly errors: readonly string[];
  /** Ids that were inserted and not deleted. */
  readonly inserted: readonly string[];
}

/**
 * Runs `work` while `count` clients insert, update and delete rows of `job` as the application does: code that knows no column but
 * `id`, `title` and `touched`.
 */
export async function whileWriting<R>(
  database: ChangeDatabase,
  count: number,
  work: () => Promise<R>,
): Promise<Written<R>> {
  const stop = new AbortController();
  const inserted = new Set<string>();
  const errors: string[] = [];
  let [worst, transactions] = [0, 0];
  const writer = async () => {
    const client = new pg.Client({ connectionString: database.appUrl });
    client.on('error', () => {});
    await client.connect();
    const own: string[] = [];
    const one = async () => {
      const { rows } = await client.query(`insert into job (title) values ('written') returning id::text`);
      own.push(rows[0].id);
      inserted.add(rows[0].id);
      await client.query('update job set touched = touched + 1 where id = $1', [1 + Math.floor(Math.random() * 2_000)]);
      if (own.length < 20) return;
      const [gone] = own.splice(0, 1);
      await client.query('delete from job where id = $1', [gone]);
      inserted.delete(gone as string);
    };
    while (!stop.signal.aborted) {
      const start = performance.now();
      await one().catch((error: { readonly code?: string; readonly message: string }) =>
        errors.push(error.code ?? error.message),
      );
      worst = Math.max(worst, performance.now() - start);
      transactions += 1;
      await sleep(2);
    }
    await client.end();
  };
  const writers = Array.from({ length: count }, writer);
  try {
    const result = await work();
    return { result, ...(await ended()) };
  } finally {
    await ended();
  }

  async function ended() {
    stop.abort();
    await Promise.all(writers);
    return { worst, transactions, errors, inserted: [...inserted] };
  }
}
