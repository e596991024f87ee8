import { setTimeout as sleep } from 'node:timers/promises';
import type { Tenant } from '@tenancy/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isTenantScopeError } from '../src/index.js';
import { operations } from '../src/scope/operations.js';
import { acme, globex, type HiringDatabase, interleaved, openHiringDatabase } from './database/hiring-database.js';

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
    const kept = ['$connect', '$disconnect', '$transaction', 'country', 'office', 'job', 'candidate'];
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
        for (const name of ['$transaction', '$extends', '$on', '$connect', '$disconnect']) {
          expect(() => loose[name]?.()).toThrow(expect.objectContaining({ code: 'scope_refused' }));
        }
        expect('$parent' in tx || '$parent' in tx.job || '_engine' in tx).toBe(false);
      });
      expect('$parent' in db.prisma || '$parent' in db.prisma.job || '_engine' in db.prisma).toBe(false);
    });
  });

  it('$extends is refused, and the client cannot be changed', () => {
    const client = db.prisma as unknown as Loose;
    for (const name of ['$extends', '$on']) {
      expect(() => client[name]?.({})).toThrow(expect.objectContaining({ code: 'scope_refused' }));
    }
    expect(() => Object.assign(db.prisma, { job: db.inside.job })).toThrow(TypeError);
    expect(() => Object.assign(db.prisma.job, { findMany: db.inside.job.findMany })).toThrow(TypeError);
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

describe('P25: transactions', () => {
  it('a list of queries stays within the tenant, and is atomic', async () => {
    await interleaved(db.context, async ({ id, slug }, other, round) => {
      const { job } = db.prisma;
      const data = { id: `${slug}-new-${round}`, title: `new ${round}` };
      const [created, foreign, count] = await db.prisma.$transaction([
        job.create({ data }),
        job.findMany({ where: { tenantId: other.id } }),
        job.count({ where: { title: { startsWith: 'job' } } }),
      ]);
      expect([created.tenantId, foreign, count]).toEqual([id, [], 3]);
      const failing = [job.update({ where: { id: data.id }, data: { salary: 9 } }), job.create({ data })] as const;
      await expect(db.prisma.$transaction(failing)).rejects.toMatchObject({ code: 'P2002' });
      expect(await job.findUnique({ where: { id: data.id } })).toMatchObject({ salary: 0 });
      await expect(
        db.prisma.$transaction([
          job.create({ data: { id: 'x', title: 'x' } }),
          job.create({ data: { ...data, tenantId: other.id } }),
        ]),
      ).rejects.toMatchObject({ code: 'tenant_conflict' });
      expect(await job.findUnique({ where: { id: 'x' } })).toBeNull();
    });
  });

  it('a list takes only queries of the same client, created by the same tenant', async () => {
    const foreign = db.context.run(globex, () => ({ query: db.prisma.job.deleteMany() })).query;
    await db.context.run(acme, async () => {
      await expect(db.prisma.$transaction([foreign])).rejects.toMatchObject({ code: 'transaction_tenant_changed' });
      for (const smuggled of [db.inside.job.deleteMany(), Promise.resolve(1), undefined]) {
        await expect(db.prisma.$transaction([smuggled as PromiseLike<unknown>])).rejects.toMatchObject({
          code: 'scope_refused',
        });
      }
      const scoped = db.prisma.job.deleteMany() as never;
      expect(() => db.inside.$transaction([scoped])).toThrow(expect.objectContaining({ code: 'scope_refused' }));
    });
    expect(await db.outside.job.count()).toBe(6);
  });

  it('a callback stays within the tenant, and is rolled back when it throws', () =>
    interleaved(db.context, async ({ id, slug }, other, round) => {
      const data = { id: `${slug}-new-${round}`, title: `new ${round}` };
      const work = db.prisma.$transaction(
        async (tx) => {
          expect(await tx.job.create({ data })).toMatchObject({ tenantId: id });
          expect(await tx.job.findMany({ where: { tenantId: other.id } })).toEqual([]);
          expect(await tx.job.findUnique({ where: { id: `${other.slug}-job-1` } })).toBeNull();
          expect(db.context.tenantId).toBe(id);
          throw new Error('changed my mind');
        },
        { maxWait: 20_000, timeout: 20_000 },
      );
      await expect(work).rejects.toThrow('changed my mind');
      expect(await db.prisma.job.findUnique({ where: { id: data.id } })).toBeNull();
    }));

  it('a transaction that one tenant began refuses another', async () => {
    let leaked: Pick<HiringDatabase['prisma'], 'job'> | undefined;
    let end: (() => void) | undefined;
    const began = db.context.run(acme, () =>
      db.prisma.$transaction((tx) => {
        leaked = tx;
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      }),
    );
    while (!leaked) await sleep(1);
    const { job } = leaked;
    await expect(db.context.run(globex, () => job.findMany())).rejects.toMatchObject({
      code: 'transaction_tenant_changed',
    });
    await expect(job.findMany()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    expect(await db.context.run(acme, () => job.count())).toBe(3);
    end?.();
    await began;
  });

  it('the id of another tenant’s transaction cannot be named in the options', async () => {
    await db.context.run(acme, async () => {
      const options = { timeout: 5000, newTxId: 'theirs' };
      await db.prisma.$transaction((tx) => tx.job.count(), options);
      expect(options).toEqual({ timeout: 5000, newTxId: 'theirs' });
    });
  });
});

describe('C1: a lazy query belongs to the tenant that created it', () => {
  it('when `run` is what awaits it', async () => {
    const jobs = await db.context.run(acme, () => db.prisma.job.findMany());
    expect(jobs.map(({ tenantId }) => tenantId)).toEqual([acme.id, acme.id, acme.id]);
    const listed = await db.context.run(acme, () => db.prisma.$transaction([db.prisma.job.findFirst()]));
    expect(listed[0]?.tenantId).toBe(acme.id);
  });

  // In a list, so that `run` does not await them.
  const create = ({ slug }: Tenant) =>
    [db.prisma.job.findMany(), db.prisma.job.findUnique({ where: { id: `${slug}-job-1` } })] as const;
  const expectOwn = async (queries: ReturnType<typeof create>, { id, slug }: Tenant) => {
    const [jobs, one] = await Promise.all(queries);
    expect(jobs.map((job) => job.id).sort()).toEqual([1, 2, 3].map((n) => `${slug}-job-${n}`));
    expect(one?.tenantId).toBe(id);
  };

  it('when another tenant awaits it, whose own context stays', async () => {
    const queries = db.context.run(acme, () => create(acme));
    db.pool.sent.length = 0;
    await db.context.run(globex, async () => {
      await expectOwn(queries, acme);
      await queries[0].then(() => expect(db.context.tenantId).toBe(globex.id));
    });
    expect(db.pool.sent.map(({ tenantId }) => tenantId)).toEqual([acme.id, acme.id]);
  });

  it('when tenants await each other’s, interleaved, or nobody’s context awaits it', async () => {
    const created = { acme: [], globex: [] } as Record<string, ReturnType<typeof create>[]>;
    await interleaved(db.context, async (tenant) => {
      created[tenant.slug]?.push(create(tenant));
    });
    await interleaved(db.context, (_tenant, other, round) =>
      expectOwn(created[other.slug]?.[round] as ReturnType<typeof create>, other),
    );
    const queries = db.context.run(acme, () => create(acme));
    await expectOwn(queries, acme);
  });

  it('created outside every tenant, it never runs', async () => {
    const query = db.prisma.job.findMany();
    await expect(db.context.run(acme, async () => query)).rejects.toMatchObject({ code: 'tenant_context_missing' });
  });

  it('runs once, however often it is awaited, and not before', async () => {
    await db.context.run(acme, async () => {
      const query = db.prisma.candidate.create({ data: { email: 'once@example.com' } });
      await sleep(20);
      expect(await db.prisma.candidate.count()).toBe(2);
      const [first, second] = await Promise.all([query, query.then((row) => row)]);
      expect(second).toBe(first);
      expect(await query.finally(() => {}).catch(() => null)).toBe(first);
      expect(await db.prisma.candidate.count()).toBe(3);
    });
  });
});

describe('C3: findUnique calls of one tick', () => {
  const fifty = Array.from({ length: 50 }, (_, n) => ({ id: `t_${n}`, slug: `t${n}` }));

  beforeEach(async () => {
    await db.outside.job.createMany({
      data: fifty.flatMap(({ id: tenantId, slug }) =>
        [1, 2].map((n) => ({ tenantId, id: `${slug}-${n}`, title: `${n}` })),
      ),
    });
    db.pool.sent.length = 0;
  });

  it('of 50 tenants get the right rows each, from one query per tenant, sent in that tenant’s context', async () => {
    const answers = await Promise.all(
      fifty.map((tenant, n) =>
        db.context.run(tenant, () =>
          Promise.all([
            db.prisma.job.findUnique({ where: { id: `${tenant.slug}-1` } }),
            db.prisma.job.findUnique({ where: { id: `${tenant.slug}-2` } }),
            db.prisma.job.findUnique({ where: { id: `t${(n + 1) % 50}-1` } }),
          ]),
        ),
      ),
    );
    for (const [n, rows] of answers.entries()) {
      expect(rows.map((row) => row?.id)).toEqual([`t${n}-1`, `t${n}-2`, undefined]);
    }
    expect(db.pool.sent).toHaveLength(50);
    for (const { tenantId, values } of db.pool.sent) {
      const named = values.filter((value) => fifty.some(({ id }) => id === value));
      expect(new Set(named)).toEqual(new Set([tenantId]));
    }
  });
});
