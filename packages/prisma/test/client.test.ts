import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isTenantScopeError, tenantScoped } from '../src/index.js';
import { operations } from '../src/scope/operations.js';
import { acme, type HiringDatabase, interleaved, openHiringDatabase } from './database/hiring-database.js';
import { PrismaClient } from './generated/client.js';

let db: HiringDatabase;
beforeAll(async () => {
  db = await openHiringDatabase();
});
beforeEach(() => db.seed());
afterAll(() => db.stop());

type Loose = Record<string, (...args: unknown[]) => unknown>;

describe('P23: each member of the generated client is scoped or refused', () => {
  it('each operation of each model', () => {
    for (const name of ['country', 'office', 'job', 'candidate'] as const) {
      const raw = Reflect.ownKeys(db.inside[name]).filter((key) => typeof key === 'string');
      const data = ['fields', 'name', '$name', '$parent'];
      const delegate = db.prisma[name] as unknown as Loose;
      const verdicts = raw
        .filter((key) => !data.includes(key))
        .map((key) => {
          if (operations.has(key)) return [key, 'scoped'];
          try {
            (delegate[key] as () => unknown)();
            return [key, 'neither'];
          } catch (error) {
            return [key, isTenantScopeError(error, 'scope_refused') ? 'refused' : 'neither'];
          }
        });
      expect(verdicts.filter(([, verdict]) => verdict === 'neither')).toEqual([]);
      expect(verdicts.filter(([, verdict]) => verdict === 'refused').map(([key]) => key)).toEqual([
        'findRaw',
        'aggregateRaw',
      ]);
      expect(verdicts.filter(([, verdict]) => verdict === 'scoped')).toHaveLength(operations.size);
      expect(Object.keys(delegate).sort()).toEqual([...raw.filter((key) => !data.includes(key)), 'fields'].sort());
    }
  });

  it('each member of the client', () => {
    const kept = ['$connect', '$disconnect', '$transaction', '$extends', 'country', 'office', 'job', 'candidate'];
    // Prisma's client has them under both names.
    kept.push('Country', 'Office', 'Job', 'Candidate');
    const client = db.prisma as unknown as Loose;
    const verdicts = Reflect.ownKeys(db.inside).flatMap((key) => {
      if (typeof key === 'string' && kept.includes(key)) return [];
      // What is not there cannot be called.
      if (!(key in db.prisma) || key === 'constructor')
        return [[key, client[key as string] === Object ? 'absent' : typeof client[key as string]]];
      try {
        (client[key as string] as () => unknown)();
        return [[key, 'neither']];
      } catch (error) {
        return [[key, isTenantScopeError(error, 'scope_refused') ? 'refused' : 'neither']];
      }
    });
    const left = verdicts.filter(([, verdict]) => !['refused', 'absent', 'undefined'].includes(verdict as string));
    expect(left).toEqual([]);
  });
});

describe('P22: raw SQL', () => {
  it('is refused, in transactions too', () =>
    interleaved(db.context, async () => {
      const client = db.prisma as unknown as Loose;
      const names = [
        '$queryRaw',
        '$executeRaw',
        '$queryRawUnsafe',
        '$executeRawUnsafe',
        '$queryRawTyped',
        '$runCommandRaw',
      ];
      const refusal = expect.objectContaining({ code: 'scope_refused' });
      for (const name of names) {
        expect(() => client[name]?.('SELECT * FROM "Job"')).toThrow(refusal);
        await expect(
          db.prisma.$transaction(async (tx) => (tx as unknown as Loose)[name]?.('SELECT * FROM "Job"')),
        ).rejects.toEqual(refusal);
      }
      expect(await db.prisma.job.count()).toBe(3);
    }));
});

describe('P25: nothing leads back to the unscoped client', () => {
  it('no property of the client, a model, a query or a transaction', async () => {
    await db.context.run(acme, async () => {
      const query = db.prisma.job.findMany();
      expect(clientsReachableFrom({ client: db.inside })).not.toEqual([]);
      expect(clientsReachableFrom(db.prisma)).toEqual([]);
      expect(clientsReachableFrom(query)).toEqual([]);
      await db.prisma.$transaction(async (tx) => {
        expect(clientsReachableFrom(tx)).toEqual([]);
        const loose = tx as unknown as Loose;
        for (const name of ['$extends', '$on', '$connect', '$disconnect']) {
          expect(() => loose[name]?.()).toThrow(expect.objectContaining({ code: 'scope_refused' }));
        }
        expect('$parent' in tx || '$parent' in tx.job || '_engine' in tx).toBe(false);
      });
      expect('$parent' in db.prisma || '$parent' in db.prisma.job || '_engine' in db.prisma).toBe(false);
    });
  });

  it('prisma-21: tests put mocks in the place of methods and models, which no other client and no transaction sees', async () => {
    const options = { context: db.context, shared: ['Country'] };
    const mocked = tenantScoped(db.inside, options);
    const findMany = vi.spyOn(mocked.job, 'findMany').mockResolvedValue([]);
    mocked.job.count = vi.fn().mockResolvedValue(7) as never;
    Object.assign(mocked, { office: { count: async () => 8 } });
    const begin = vi.spyOn(mocked, '$transaction');
    await db.context.run(acme, async () => {
      expect([await mocked.job.findMany(), await mocked.job.count(), await mocked.office.count()]).toEqual([[], 7, 8]);
      expect(await mocked.$transaction((tx) => tx.job.count())).toBe(3);
      expect(await mocked.job.findFirst({ where: { title: 'job 1' } })).toMatchObject({ tenantId: acme.id });
      expect(await tenantScoped(db.inside, options).job.findMany()).toHaveLength(3);
    });
    expect(begin).toHaveBeenCalledOnce();
    findMany.mockRestore();
    expect(await db.context.run(acme, () => mocked.job.findMany())).toHaveLength(3);
  });

  it('$connect and $disconnect work, outside a tenant too', async () => {
    await db.prisma.$connect();
    await db.prisma.$disconnect();
    expect(await db.context.run(acme, () => db.prisma.job.count())).toBe(3);
  });

  function read(from: object, key: string | symbol): unknown {
    try {
      return Reflect.get(from, key);
    } catch {
      // A getter for another `this`.
      return undefined;
    }
  }

  /** Whatever can be reached by properties and prototypes, and is a client of Prisma's. */
  function clientsReachableFrom(start: unknown): unknown[] {
    const seen = new Set<unknown>();
    let layer = [start];
    // Columns are made anew each time they are read, so there is no end to it.
    for (let depth = 0; depth < 8; depth += 1) {
      layer = layer.flatMap((from) => {
        if (from === null || (typeof from !== 'object' && typeof from !== 'function') || seen.has(from)) return [];
        seen.add(from);
        const keys = Reflect.ownKeys(from).filter((key) => !['caller', 'callee', 'arguments'].includes(String(key)));
        return [Object.getPrototypeOf(from), ...keys.map((key) => read(from, key))];
      });
    }
    return [...seen].filter((found) => '_engineConfig' in (found as object) || '_requestHandler' in (found as object));
  }
});

describe('prisma-22: an error says where the operation was called', () => {
  const error = (prisma: HiringDatabase['prisma'], data: object) =>
    db.context.run(acme, () =>
      prisma.job.create({ data } as never).then(null, (thrown: Error) => thrown),
    ) as Promise<Error>;

  it('as on the client without a scope', async () => {
    for (const data of [
      { id: 'acme-job-1', title: 'x' },
      { id: 'x', title: 1 },
    ]) {
      const { message, stack } = await error(db.prisma, data);
      expect(message).toMatch(/^\nInvalid `prisma\.job\.create\(\)` invocation in\n\S*client\.test\.ts:\d+:\d+\n/);
      expect(stack).toContain(message.trim());
    }
  });

  it("and not with `errorFormat: minimal`, which is Prisma's default in production", async () => {
    const minimal = new PrismaClient({ adapter: new PrismaPg(db.pool), errorFormat: 'minimal' });
    const prisma = tenantScoped(minimal, { context: db.context, shared: ['Country'] });
    const { message } = await error(prisma as never, { id: 'acme-job-1', title: 'x' });
    expect(message).not.toContain('client.test.ts');
  });
});

it("a model answers by its name in the schema as well, as Prisma's does, within the tenant", () =>
  db.context.run(acme, async () => {
    type Named = Readonly<Record<string, HiringDatabase['prisma']['job']>>;
    const names = ['Job', 'job', 'JOB'];
    const known = (client: object) => names.map((name) => typeof (client as Named)[name]);
    expect(known(db.prisma)).toEqual(known(db.outside));
    const ids = (await (db.prisma as unknown as Named)['Job']?.findMany())?.map(({ tenantId }) => tenantId);
    expect(new Set(ids)).toEqual(new Set([acme.id]));
    await db.prisma.$transaction(async (tx) => {
      expect((tx as unknown as Named)['Job']).toBe(tx.job);
    });
  }));
