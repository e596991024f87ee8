import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tenantScoped } from '../src/index.js';
import { acme, globex, type HiringDatabase, openHiringDatabase } from './database/hiring-database.js';
import { PrismaClient } from './generated/client.js';

let db: HiringDatabase;
beforeAll(async () => {
  db = await openHiringDatabase();
});
beforeEach(() => db.seed());
afterAll(() => db.stop());

describe('prisma-9: each distinct foreign key is looked up once', () => {
  const rows = 1000;

  /** How many look-ups the work sends. */
  async function lookUps(work: (prisma: typeof db.prisma) => PromiseLike<unknown>): Promise<number> {
    const watched = new PrismaClient({ adapter: new PrismaPg(db.pool), log: [{ emit: 'event', level: 'query' }] });
    const sent: string[] = [];
    watched.$on('query', ({ query }) => void sent.push(query));
    const prisma = tenantScoped(watched, { context: db.context, shared: ['Country'] });
    await db.context.run(acme, () => work(prisma as never));
    await new Promise(setImmediate);
    return sent.filter((text) => text.startsWith('SELECT')).length;
  }

  const candidates = (distinct: number) =>
    Array.from({ length: rows }, (_, n) => ({ email: `${distinct}-${n}`, jobId: `job-${n % distinct}` }));

  it.each([
    [1, 1],
    [rows, 1],
  ])('createMany of 1,000 rows with %i distinct keys asks %i times', async (distinct, asked) => {
    const jobs = Array.from({ length: distinct }, (_, n) => ({ tenantId: acme.id, id: `job-${n}`, title: `new ${n}` }));
    await db.outside.job.createMany({ data: jobs });
    expect(await lookUps((prisma) => prisma.candidate.createMany({ data: candidates(distinct) }))).toBe(asked);
    const written = await db.outside.candidate.count({ where: { tenantId: acme.id, jobId: { startsWith: 'job-' } } });
    expect(written).toBe(rows);
  });

  it("and finds the one among them that is another tenant's", async () => {
    const jobs = Array.from({ length: rows }, (_, n) => ({ tenantId: acme.id, id: `job-${n}`, title: `new ${n}` }));
    await db.outside.job.createMany({ data: jobs });
    await db.outside.job.update({ where: { id: 'job-617' }, data: { tenantId: globex.id } });
    const create = () => db.prisma.candidate.createMany({ data: candidates(rows) });
    await expect(db.context.run(acme, create)).rejects.toMatchObject({ code: 'P2003' });
    expect(await db.outside.candidate.count()).toBe(4);
  });
});
