import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** Milliseconds for which the reader has its transaction open, and then none. */
const [OPEN, CLOSED] = [4_000, 8_000];

/** A report that has a transaction open for seconds, now and then: the first one as soon as this returns. */
export async function startReader(url: string): Promise<() => Promise<void>> {
  const stop = new AbortController();
  const client = new pg.Client({ connectionString: url, application_name: 'a report' });
  await client.connect();
  const rest = (milliseconds: number) => sleep(milliseconds, undefined, { signal: stop.signal }).catch(() => {});
  const begin = () => client.query('begin isolation level repeatable read; select count(*) from job where id <= 1000');
  await begin();
  const reading = (async () => {
    for (;;) {
      await rest(OPEN);
      await client.query('commit');
      await rest(CLOSED);
      if (stop.signal.aborted) return client.end();
      await begin();
    }
  })();
  return () => {
    stop.abort();
    return reading;
  };
}
