import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { answer } from '../child.js';
import type { Sample } from './waits.js';

/** A process of its own: the writers of an application that knows nothing of the change. */
const [url = '', rows = '0', count = '0', pause = '0'] = process.argv.slice(2);

let isOver = false;
const samples: Sample[] = [];
const errors: string[] = [];
const writers = Array.from({ length: Number(count) }, writer);

answer(async (question) => {
  if (question !== 'stop') return 'started';
  isOver = true;
  await Promise.all(writers);
  return { samples, errors };
});

async function writer(): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'a writer' });
  await client.connect();
  while (!isOver) {
    await timed(client, `insert into job (tenant, title) values ('acme', 'written')`);
    await timed(client, 'update job set touched = touched + 1 where id = $1', [
      1 + Math.floor(Math.random() * Number(rows)),
    ]);
  }
  await client.end();
}

async function timed(client: pg.Client, sql: string, values?: readonly unknown[]): Promise<void> {
  const [at, start] = [Date.now(), performance.now()];
  await client.query(sql, values ? [...values] : undefined).catch((error: Error) => errors.push(error.message));
  samples.push([at, performance.now() - start]);
  await sleep(Number(pause));
}
