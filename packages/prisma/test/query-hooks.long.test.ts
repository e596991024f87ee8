import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { acme, globex, type HiringDatabase, openHiringDatabase } from './database/hiring-database.js';
import type { Prisma, PrismaClient } from './generated/client.js';

let db: HiringDatabase;
beforeAll(async () => {
  db = await openHiringDatabase();
});
beforeEach(() => db.seed());
afterAll(() => db.stop());

type Db = Pick<PrismaClient, '$extends' | '$transaction' | 'candidate' | 'job' | 'office'>;
type Query = Prisma.PrismaPromise<unknown>;
/** The type of a hook's `query(args)`. */
type Next = () => Query;
type Hook = (base: Db, next: Next, log: () => Query) => PromiseLike<unknown>;

const hooks: Readonly<Record<string, Hook>> = {
  'after another': async (base, next, log) => (await base.$transaction([log(), next()]))[1],
  'before another': async (base, next, log) => (await base.$transaction([next(), log()]))[0],
  'with an isolation level': async (base, next, log) =>
    (await base.$transaction([log(), next()], { isolationLevel: 'Serializable' }))[1],
  alone: async (base, next) => (await base.$transaction([next()]))[0],
  // Prisma sends the two in either order.
  twice: async (base, next) =>
    (await base.$transaction([next(), next()])).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
  "in the array of a callback's transaction": (base, next) =>
    base.$transaction(async (tx) => (await tx.$transaction([next()]))[0]),
  'in a callback, past its transaction': (base, next) => base.$transaction(async () => await next()),
};

const where = { id: 'acme-job-1' };
const data = { salary: { increment: 1 } };
const calls: Readonly<Record<string, (client: Db) => PromiseLike<unknown>>> = {
  'a call': (client) => client.job.update({ where, data }),
  'a call of no row': (client) => client.job.update({ where: { id: 'none' }, data }),
  'a call that looks up before': (client) =>
    client.candidate.create({ data: { tenantId: acme.id, email: 'new@example.com', jobId: 'acme-job-1' } }),
  'in an array': (client) =>
    client.$transaction([client.office.count({ where: { city: 'acme city' } }), client.job.update({ where, data })]),
  'in a callback': (client) =>
    client.$transaction(async (tx) => [await tx.job.update({ where, data }), await tx.job.findUnique({ where })]),
  'in a callback that fails': (client) =>
    client.$transaction(async (tx) => {
      await tx.job.update({ where, data });
      throw new Error('fails');
    }),
};

/** Each time with a hook of its own on each level, outermost first. */
function extended(base: Db, levels: readonly Hook[]): Db {
  let logged = 0;
  const log = () => {
    logged += 1;
    return base.job.create({ data: { tenantId: acme.id, id: `log-${logged}`, title: `log ${logged}` } });
  };
  return levels.reduce<Db>(
    (client, hook) =>
      client.$extends({
        query: {
          job: { update: ({ args, query }) => hook(base, () => query(args), log) as never },
          candidate: { create: ({ args, query }) => hook(base, () => query(args), log) as never },
        },
      }) as unknown as Db,
    base,
  );
}

async function outcomeOf(client: Db, call: (client: Db) => PromiseLike<unknown>) {
  await db.seed();
  const outcome = await Promise.resolve(call(client)).then(
    (result) => ({ result }),
    ({ code, message }: { readonly code?: string; readonly message: string }) => ({ error: code ?? message }),
  );
  return { outcome, rows: await db.rowsOf(acme), others: await db.rowsOf(globex) };
}

describe("what a query hook leads on to goes into a `$transaction` of the hook's, as in Prisma", () => {
  describe.each(Object.entries(calls))('%s', (place, call) => {
    it.each(Object.entries(hooks))('%s', async (_name, hook) => {
      const alone = hooks['alone'] as Hook;
      // More than one level deep Prisma keeps what came before a failure.
      const nested =
        place === 'a call' || place === 'a call that looks up before'
          ? [
              [hook, alone],
              [alone, hook],
            ]
          : [];
      for (const levels of [[hook], ...nested]) {
        const plain = await outcomeOf(extended(db.outside, levels), call);
        const scoped = await db.context.run(acme, () => outcomeOf(extended(db.prisma as unknown as Db, levels), call));
        expect(scoped).toEqual(plain);
      }
    });
  });

  it("one that was awaited runs again, as Prisma's", async () => {
    const hook: Hook = async (base, next) => {
      const query = next();
      return [await query, ...(await base.$transaction([query]))];
    };
    const call = calls['a call'] as (client: Db) => PromiseLike<unknown>;
    const plain = await outcomeOf(extended(db.outside, [hook]), call);
    const scoped = await db.context.run(acme, () => outcomeOf(extended(db.prisma as unknown as Db, [hook]), call));
    expect(scoped).toEqual(plain);
  });

  it('nothing of it stays where one of them fails', async () => {
    const client = extended(db.prisma as unknown as Db, [
      async (base, next, log) => (await base.$transaction([log(), next()]))[1],
    ]);
    const before = await db.rowsOf(acme);
    await expect(
      db.context.run(acme, () => client.job.update({ where, data: { title: 'job 2' } })),
    ).rejects.toMatchObject({ code: 'P2002' });
    expect(await db.rowsOf(acme)).toEqual(before);
  });

  it("twin: of another tenant's call there is no row", async () => {
    const client = extended(db.prisma as unknown as Db, [hooks['alone'] as Hook]);
    const before = [await db.rowsOf(acme), await db.rowsOf(globex)];
    const foreign = db.context.run(globex, () => client.job.update({ where, data }));
    await expect(foreign).rejects.toMatchObject({ code: 'P2025' });
    expect([await db.rowsOf(acme), await db.rowsOf(globex)]).toEqual(before);
  });
});
