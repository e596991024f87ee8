import { setTimeout as sleep } from 'node:timers/promises';
import { type Tenant, TenantContext } from '@tenancy/core';
import { createTenantPool, placedIsolation } from '@tenancy/postgres';
import { isTenantFenced, TenantDirectory } from '@tenancy/postgres/tenants';
import { answer } from '../child.js';
import type { Sample } from '../stalls/waits.js';

/** A process of its own: writers of a tenant in an application, which hears from the directory where the tenant is. */
const [main = '', servers = '{}', id = '', count = '0', pause = '0'] = process.argv.slice(2);

const context = new TenantContext();
const directory = new TenantDirectory({ connection: main });
const shared = JSON.parse(servers) as Record<string, string>;
const pool = createTenantPool({
  connectionString: shared['main'] as string,
  context,
  max: Number(count),
  isolation: placedIsolation({ servers: shared, maxConnectionsPerDatabase: Number(count) }),
});

let known: Promise<Tenant> | undefined;
directory.watch(() => {
  known = undefined;
});
const tenant = (): Promise<Tenant> => {
  known ??= directory.get(id);
  return known;
};

let isOver = false;
let inserted = 0;
const samples: Sample[] = [];
const errors: string[] = [];
const writers = Array.from({ length: Number(count) }, (_, n) => writer(n));

answer(async (question) => {
  if (question !== 'stop') return 'started';
  isOver = true;
  await Promise.all(writers);
  await Promise.all([pool.end(), directory.close()]);
  return { samples, inserted, errors };
});

async function writer(n: number): Promise<void> {
  while (!isOver) {
    await timed(`insert into job (title) values ('written')`);
    inserted += 1;
    await timed(`update job set touched = touched + 1 where id = (select min(id) + ${n} from job)`);
  }
}

/** From the first try on, until it is done: one that is refused tries again. */
async function timed(sql: string): Promise<void> {
  const [at, start] = [Date.now(), performance.now()];
  for (;;) {
    try {
      await context.run(await tenant(), () => pool.query(sql));
      break;
    } catch (error) {
      if (!isTenantFenced(error)) {
        errors.push(String(error));
        break;
      }
      await sleep(10);
    }
  }
  samples.push([at, performance.now() - start]);
  await sleep(Number(pause));
}
