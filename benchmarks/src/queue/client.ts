import type { Tenant } from '@tenancy/core';
import { answer } from '../child.js';
import { type CaseName, type ServerUrl, startApplication, TENANTS } from './application.js';

/** How jobs are added: each alone by 20 callers at once, or 50 of a tenant in one call. */
export type Work = 'add' | 'addBulk';

/** A question to a client: so many jobs to add and to run. */
export interface Question {
  readonly work: Work;
  readonly jobs: number;
}

export interface Sample {
  readonly seconds: number;
  readonly cpuMicroseconds: number;
}

const CALLERS = 20;
const BULK = 50;
const BULK_CALLERS = 4;

/** Runs one case: `node client.js <case> <url>`. */
const [name, url] = process.argv.slice(2) as [CaseName, ServerUrl];
const application = await startApplication(name, url, 10);
const { queue, as } = application;
application.run();
let turn = 0;

answer(async (asked) => {
  const { work, jobs } = asked as Question;
  let ran = 0;
  const all = new Promise<void>((resolve) => {
    application.onJob = () => {
      ran += 1;
      if (ran === jobs) resolve();
    };
  });
  const started = process.cpuUsage();
  const begin = performance.now();
  let added = 0;
  const caller = async (tenant: Tenant) => {
    while (added < jobs) {
      const count = work === 'add' ? 1 : Math.min(BULK, jobs - added);
      added += count;
      await add(tenant, count);
    }
  };
  // Entering is the entrance's work, and measured there (`pnpm bench http`): each caller is inside its tenant's context.
  const callers = TENANTS.slice(0, work === 'add' ? CALLERS : BULK_CALLERS);
  await Promise.all(callers.map((tenant) => as(tenant, () => caller(tenant))));
  await all;
  const { user, system } = process.cpuUsage(started);
  return { seconds: (performance.now() - begin) / 1000, cpuMicroseconds: user + system } satisfies Sample;
});

async function add(tenant: Tenant, count: number): Promise<void> {
  turn += 1;
  const data = { tenant: tenant.id };
  const opts = name === 'priorities' ? { priority: 1 + (turn % 10) } : {};
  if (count === 1) await queue.add('work', data, opts);
  else await queue.addBulk(Array.from({ length: count }, () => ({ name: 'work', data, opts })));
}
