import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import { answer } from '../child.js';
import { CALLING, jobOf, officeOf, tenants } from '../scope/rows.js';
import { callersOf, sample } from '../scope/sample.js';
import type { OpenCase, PrismaCase, Work } from './case.js';
import { PrismaClient } from './generated/client.js';

/** A question to a client, from the process that measures. */
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
  if ('work' in question) {
    return sample(callersOf(question.work), question.milliseconds, () => operation(question.work));
  }
  if (!open) throw new Error(`no case ${process.argv[2]}`);
  const adapter = new PrismaPg({ connectionString: question.open, max: 10 });
  prismaCase = open(new PrismaClient({ adapter, transactionOptions: { maxWait: 30_000, timeout: 30_000 } }), context);
  return null;
});

/** @throws when the answer is not its tenant's. */
async function operation(work: Work): Promise<void> {
  turn += 1;
  if (work === 'findUnique/tick') return inOneTick();
  const index = turn % CALLING;
  const tenant = tenants[index] as (typeof tenants)[number];
  const row = Math.floor(turn / CALLING);
  if (work.startsWith('createMany')) {
    const keys = Array.from({ length: MANY }, (_, n) => jobOf(index, work === 'createMany/1 key' ? row : n));
    const { count } = await context.run(tenant, () => prismaCase.createMany(keys));
    if (count !== MANY) throw new Error(`${tenant.id} created ${count} rows`);
    return;
  }
  const name = work.split('@')[0] as Exclude<keyof PrismaCase, 'createMany'>;
  const result = await context.run(tenant, () =>
    prismaCase[name](name === 'include' ? officeOf(index, row) : jobOf(index, row)),
  );
  const rows = Array.isArray(result) ? result : [result];
  if (rows.length !== (name === 'findMany' ? 20 : 1) || rows.some((each) => each?.tenantId !== tenant.id)) {
    throw new Error(`${tenant.id} asked for ${work} and got ${JSON.stringify(result)}`);
  }
}

const MANY = 1_000;

/** Calls that Prisma would gather into one query, were it not for the tenants. */
async function inOneTick(): Promise<void> {
  const rows = await Promise.all(
    tenants.map((tenant, index) => context.run(tenant, () => prismaCase.findUnique(jobOf(index, turn)))),
  );
  for (const [index, row] of rows.entries()) {
    if (row?.tenantId !== tenants[index]?.id) throw new Error(`${tenants[index]?.id} got ${JSON.stringify(row)}`);
  }
}
