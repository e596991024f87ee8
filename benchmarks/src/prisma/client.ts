import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import { answer } from '../child.js';
import { jobOf, officeOf, tenants } from '../scope/rows.js';
import type { OpenCase, PrismaCase, Work } from './case.js';
import { PrismaClient } from './generated/client.js';

/** What a client is asked, from the process that measures. */
export type ClientQuestion =
  | { readonly open: string }
  | { readonly work: Work /** How long another operation is begun. */; readonly milliseconds: number };

/** Each is loaded only in the process that runs it, so that no case carries another one's modules. */
const cases: Readonly<Record<string, () => Promise<OpenCase>>> = {
  scoped: async () => (await import('./cases/scoped.js')).scoped,
  where: async () => (await import('./cases/where.js')).where,
};

/** Runs one case: `node client.js <case>`. */
const open = await cases[process.argv[2] ?? '']?.();
const context = new TenantContext();
let prismaCase: PrismaCase;
let turn = 0;

answer((asked) => {
  const question = asked as ClientQuestion;
  if ('work' in question) return sample(question.work, question.milliseconds);
  if (!open) throw new Error(`no case ${process.argv[2]}`);
  const adapter = new PrismaPg({ connectionString: question.open, max: 10 });
  prismaCase = open(new PrismaClient({ adapter, transactionOptions: { maxWait: 30_000, timeout: 30_000 } }), context);
  return null;
});

/**
 * CPU time of this process for one operation, in microseconds. One after the other: Prisma merges `findUnique` calls of one
 * tick into one query, of several tenants as well when the tenant is written by hand, and that would be measured instead.
 */
async function sample(work: Work, milliseconds: number): Promise<number> {
  let operations = 0;
  const started = process.cpuUsage();
  const begin = performance.now();
  while (performance.now() - begin < milliseconds) {
    await operation(work, turn++);
    operations += 1;
  }
  const { user, system } = process.cpuUsage(started);
  return (user + system) / operations;
}

/** @throws when the answer is not its tenant's. */
async function operation(work: Work, turn: number): Promise<void> {
  const index = turn % tenants.length;
  const tenant = tenants[index] as (typeof tenants)[number];
  const row = Math.floor(turn / tenants.length);
  const id = work === 'include' ? officeOf(index, row) : jobOf(index, row);
  const result = await context.run(tenant, () => prismaCase[work](id));
  const rows = Array.isArray(result) ? result : [result];
  if (rows.length !== (work === 'findMany' ? 20 : 1) || rows.some((each) => each?.tenantId !== tenant.id)) {
    throw new Error(`${tenant.id} asked for ${work} and got ${JSON.stringify(result)}`);
  }
}
