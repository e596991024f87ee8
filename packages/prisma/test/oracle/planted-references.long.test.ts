import type { Tenant } from '@tenancy/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TenantScopedClient } from '../../src/index.js';
import { openSides, type Sides } from './databases.js';
import type { PrismaClient } from './generated/postgresql/client.js';
import { actors, type Rows, tenants } from './rows.js';

let sides: Sides;
let prisma: TenantScopedClient<PrismaClient>;
let before: Rows;
beforeAll(async () => {
  sides = await openSides('PostgreSQL');
  prisma = sides.scoped as typeof prisma;
});
afterAll(() => sides.stop());
beforeEach(async () => {
  await sides.shared.reset();
  before = await sides.shared.rows();
});

const [acme, globex] = actors as [Tenant, Tenant];
const as = <R>(tenant: Tenant, work: () => R): R => sides.context.run(tenant, work);
/** Both tenants do the same at once, many times, each on its own rows; `next` is whom some of them refer to. */
const interleaved = (work: (own: string, next: string, tenant: Tenant) => Promise<unknown>) =>
  Promise.all(
    Array.from({ length: 6 }, () =>
      actors.map((tenant, n) => as(tenant, () => work(tenant.slug, tenants[n + 1]?.slug ?? '', tenant))),
    ).flat(),
  );
const refused = { code: 'scope_refused' };

describe('reads reach own rows over planted references, and no others', () => {
  it('P5: lists and optional relations', () =>
    interleaved(async (own, _next, { id }) => {
      const jobs = await prisma.job.findMany({ include: { candidates: { include: { referee: true } } } });
      const candidates = jobs.flatMap((job) => job.candidates);
      expect(candidates.map((each) => each.id).sort()).toEqual([1, 2, 3].map((n) => `${own}-candidate-${n}`));
      expect(candidates.map(({ referee }) => referee?.tenantId).filter(Boolean)).toEqual([id]);
      const note = await prisma.note.findUniqueOrThrow({
        where: { id: `${own}-note-3` },
        select: { about: true, text: true },
      });
      expect(note).toEqual({ about: null, text: `text 3 ${own}` });
    }));

  it('P6, P21: a required relation is looked at, and what was selected for that is taken out again', () =>
    interleaved(async (own) => {
      const where = { id: `${own}-candidate-1` };
      const select = { id: true, job: { select: { title: true } } };
      expect(await prisma.candidate.findUnique({ where, select })).toEqual({
        id: where.id,
        job: { title: `title 1 ${own}` },
      });
      const omitted = await prisma.candidate.findUniqueOrThrow({
        where,
        include: { job: { omit: { tenantId: true } } },
      });
      expect(Object.keys(omitted.job).sort()).toEqual(['id', 'officeId', 'open', 'salary', 'title']);
      const astray = prisma.candidate.findMany({ include: { job: { select: { title: true } } } });
      await expect(astray).rejects.toMatchObject({ code: 'tenant_row_unavailable' });
      await expect(astray).rejects.not.toThrow('title');
    }));

  it('P7: _count', () =>
    interleaved(async (own) => {
      const [first, second] = await prisma.job.findMany({ orderBy: { id: 'asc' }, include: { _count: true } });
      expect([first?._count, second?._count]).toEqual([
        { candidates: 2, tags: 2 },
        { candidates: 1, tags: 1 },
      ]);
      const counted = await prisma.job.findFirst({
        where: { id: `${own}-job-1` },
        select: { _count: { select: { candidates: { where: { score: 1 } } } } },
      });
      expect(counted?._count.candidates).toBe(1);
    }));

  it('P8, P9: some, none, every, is, isNot', () =>
    interleaved(async (own, next) => {
      const ids = async (where: object) =>
        (await prisma.candidate.findMany({ where, orderBy: { id: 'asc' } })).map(({ id }) => id.at(-1)).join('');
      expect(await ids({ job: { is: { title: { contains: 'title' } } } })).toBe('123');
      expect(await ids({ referee: { isNot: { id: `${next}-candidate-1` } } })).toBe('1234');
      expect(await ids({ referee: { name: { contains: next } } })).toBe('');
      const jobs = async (where: object) =>
        (await prisma.job.findMany({ where, orderBy: { id: 'asc' } })).map(({ id }) => id.at(-1)).join('');
      expect(await jobs({ tags: { some: { label: { contains: next } } } })).toBe('');
      expect(await jobs({ tags: { every: { label: { contains: own } } } })).toBe('123');
      expect(await jobs({ tags: { none: { id: `${next}-tag-2` } } })).toBe('123');
      expect(await jobs({ candidates: { every: { tenantId: `t_${own}` } } })).toBe('123');
    }));

  it('P10: no order by rows of another tenant, and one by those that are its own', () =>
    interleaved(async () => {
      await expect(prisma.candidate.findMany({ orderBy: { job: { title: 'asc' } } })).rejects.toMatchObject(refused);
      expect(await prisma.job.findMany({ orderBy: { office: { city: 'desc' } } })).toHaveLength(3);
      expect(await prisma.office.findMany({ orderBy: { jobs: { _count: 'asc' } } })).toHaveLength(2);
    }));

  it('P11: a nested cursor of another tenant finds nothing', () =>
    interleaved(async (own, next) => {
      const job = (id: string) =>
        prisma.job.findUniqueOrThrow({
          where: { id: `${own}-job-1` },
          include: { candidates: { cursor: { id }, orderBy: { id: 'asc' } } },
        });
      expect((await job(`${own}-candidate-2`)).candidates.map(({ id }) => id)).toEqual([`${own}-candidate-2`]);
      expect((await job(`${next}-candidate-4`)).candidates).toEqual([]);
    }));

  it('P25: the fluent API', () =>
    interleaved(async (own, _next, { id }) => {
      const candidate = (n: number) => prisma.candidate.findUnique({ where: { id: `${own}-candidate-${n}` } });
      expect(await candidate(1).job().office()).toMatchObject({ tenantId: id, id: `${own}-office-1` });
      expect((await candidate(1).job().tags())?.map((tag) => tag.tenantId)).toEqual([id, id]);
      expect(await candidate(3).referee()).toBeNull();
      await expect(candidate(4).job()).rejects.toMatchObject({ code: 'tenant_row_unavailable' });
    }));
});

describe("writes leave the other tenants' rows as they are", () => {
  it('P12: nested rows are stamped at every depth', async () => {
    await interleaved(async (own, next, { id }) => {
      const n = `${own}-${Math.random()}`;
      const job = await prisma.job.create({
        data: {
          id: n,
          title: 'new',
          office: { create: { id: n, city: n, country: { connect: { code: 'CH' } } } },
          candidates: { create: [{ id: n, name: n, profile: { create: { id: n } } }] },
          tags: { connectOrCreate: { where: { id: n }, create: { id: n, label: 'new' } } },
        },
        include: { office: true, tags: true, candidates: { include: { profile: true } } },
      });
      const rows = [job, job.office, ...job.tags, ...job.candidates, job.candidates[0]?.profile];
      expect(rows.map((row) => row?.tenantId)).toEqual(Array(5).fill(id));
      const stolen = { id: `${n}!`, name: n, tenantId: `t_${next}` };
      await expect(
        prisma.job.update({ where: { id: n }, data: { candidates: { create: stolen } } }),
      ).rejects.toMatchObject({ code: 'tenant_conflict' });
    });
  });

  it('P13: no relation moves a row to another tenant', () =>
    interleaved(async (own, next) => {
      const move = prisma.job.update({
        where: { id: `${own}-job-1` },
        data: { office: { connect: { id: `${next}-office-1` } } },
      });
      await expect(move).rejects.toMatchObject({ code: 'P2025', name: 'PrismaClientKnownRequestError' });
    }));

  it('P14, P20: connect, disconnect and delete find no row of another tenant; set keeps its links', async () => {
    await interleaved(async (own, next) => {
      const update = (data: object) => prisma.job.update({ where: { id: `${own}-job-2` }, data });
      for (const data of [
        { candidates: { connect: { id: `${next}-candidate-1` } } },
        { candidates: { update: { where: { id: `${next}-candidate-4` }, data: { name: 'x' } } } },
        { candidates: { delete: { id: `${next}-candidate-4` } } },
        { tags: { connect: { id: `${next}-tag-1` } } },
        { tags: { update: { where: { id: `${next}-tag-2` }, data: { label: 'x' } } } },
        { tags: { delete: { id: `${next}-tag-2` } } },
      ]) {
        await expect(update(data)).rejects.toMatchObject({
          code: expect.stringMatching(/^P20(25|17|18)$|^scope_refused$/),
        });
      }
      await expect(update({ tags: { set: [] } })).rejects.toMatchObject(refused);
      await update({ tags: { disconnect: { id: `${next}-tag-2` } } });
    });
    expect(await sides.shared.rows()).toEqual(before);
  });

  it('P14: an own key that leads to another tenant is let go by `disconnect: {}` as by `disconnect: true`', () =>
    interleaved(async (own) => {
      for (const disconnect of [{}, true]) {
        const where = { id: `${own}-profile-2` };
        const { candidateId } = await prisma.profile.update({ where, data: { candidate: { disconnect } } });
        expect(candidateId).toBeNull();
      }
    }));

  it('P6, P18, P26: a list of queries of which one is refused afterwards leaves nothing written', async () => {
    await interleaved(async (own, next) => {
      const astray = () => prisma.candidate.findUnique({ where: { id: `${own}-candidate-4` }, include: { job: true } });
      const write = () => prisma.office.updateMany({ data: { city: 'written' } });
      const taken = () =>
        prisma.office.upsert({
          where: { id: `${next}-office-1` },
          create: { id: `${next}-office-1`, city: 'mine', countryCode: 'CH' },
          update: {},
        });
      for (const refusal of [astray, taken]) {
        const list = prisma.$transaction([write(), refusal(), write()] as never);
        await expect(list).rejects.toThrow();
      }
    });
    expect(await sides.shared.rows()).toEqual(before);
  });

  it('P15: a foreign key names no row of another tenant: the same answer as for one that is not there', async () => {
    await interleaved(async (own, next) => {
      const errors = [];
      for (const jobId of [`${next}-job-1`, 'nobody']) {
        const data = { id: `${own}-x`, name: `x ${own}`, jobId };
        for (const write of [
          () => prisma.candidate.create({ data }),
          () => prisma.candidate.createMany({ data: [data] }),
          () => prisma.candidate.updateMany({ data: { jobId } }),
          () => prisma.candidate.update({ where: { id: `${own}-candidate-1` }, data: { jobId: { set: jobId } } }),
        ]) {
          const error = await write().then(
            () => null,
            (thrown: Error) => thrown,
          );
          expect(error).toMatchObject({ code: 'P2003', name: 'PrismaClientKnownRequestError' });
          errors.push(error?.message);
        }
      }
      expect(new Set(errors).size).toBe(1);
    });
    expect(await sides.shared.rows()).toEqual(before);
  });

  it('P16, P17: nested changes over foreign links find nothing', async () => {
    await interleaved(async (own) => {
      const candidate = (data: object) => prisma.candidate.update({ where: { id: `${own}-candidate-3` }, data });
      await expect(candidate({ referee: { update: { name: 'x' } } })).rejects.toMatchObject({ code: 'P2025' });
      await expect(candidate({ referee: { delete: true } })).rejects.toThrow();
      const job = (data: object) => prisma.job.update({ where: { id: `${own}-job-1` }, data });
      await job({ candidates: { updateMany: { where: {}, data: { score: 9 } } } });
    });
    const scores = (await sides.shared.rows())['Candidate']
      ?.filter((row) => row['score'] === 9)
      .map((row) => row['id']);
    expect(scores).toEqual(actors.flatMap(({ slug }) => [`${slug}-candidate-1`, `${slug}-candidate-2`]));
  });

  it("deleting a row that another tenant's row hangs on is refused, and changes nothing", async () => {
    await as(globex, async () => {
      await expect(prisma.job.delete({ where: { id: 'globex-job-1' } })).rejects.toMatchObject(refused);
      await expect(prisma.job.deleteMany()).rejects.toMatchObject(refused);
      await expect(prisma.candidate.delete({ where: { id: 'globex-candidate-2' } })).rejects.toMatchObject(refused);
      await expect(
        prisma.candidate.update({ where: { id: 'globex-candidate-1' }, data: { id: 'globex-moved' } }),
      ).rejects.toMatchObject(refused);
    });
    expect(await sides.shared.rows()).toEqual(before);
  });

  it('P18, P19: an id of another tenant is neither found nor overwritten', async () => {
    await interleaved(async (own, next) => {
      const id = `${next}-tag-1`;
      await expect(
        prisma.tag.upsert({ where: { id }, create: { id, label: 'x' }, update: { label: 'x' } }),
      ).rejects.toThrow();
      const job = prisma.job.update({
        where: { id: `${own}-job-3` },
        data: { tags: { connectOrCreate: { where: { id }, create: { id, label: 'x' } } } },
      });
      await expect(job).rejects.toMatchObject({ code: 'P2002' });
    });
    expect(await sides.shared.rows()).toEqual(before);
  });
});

describe('P26: transactions stay atomic and hold one tenant', () => {
  it('a callback that throws commits nothing, guarded writes included', async () => {
    await interleaved(async (own) => {
      const failed = prisma.$transaction(async (tx) => {
        await tx.tag.create({ data: { id: `${own}-tx`, label: 'x' } });
        await tx.candidate.update({ where: { id: `${own}-candidate-1` }, data: { jobId: `${own}-job-3` } });
        await tx.note.deleteMany();
        expect(await tx.candidate.count({ where: { jobId: `${own}-job-3` } })).toBe(1);
        throw new Error('enough');
      });
      await expect(failed).rejects.toThrow('enough');
    });
    expect(await sides.shared.rows()).toEqual(before);
  });

  it('a list of which one fails commits nothing, guarded writes included', async () => {
    await interleaved(async (own, next) => {
      const own3 = prisma.candidate.update({ where: { id: `${own}-candidate-1` }, data: { jobId: `${own}-job-3` } });
      const foreign = prisma.candidate.update({
        where: { id: `${own}-candidate-2` },
        data: { jobId: `${next}-job-1` },
      });
      await expect(
        prisma.$transaction([prisma.tag.deleteMany({ where: { jobs: { none: {} } } }), own3, foreign]),
      ).rejects.toMatchObject({ code: 'P2003' });
    });
    expect(await sides.shared.rows()).toEqual(before);
  });

  it('another tenant cannot use it', async () => {
    let begun: (tx: Pick<typeof prisma, 'job'>) => void = () => {};
    let end = () => {};
    const transaction = new Promise<Pick<typeof prisma, 'job'>>((resolve) => {
      begun = resolve;
    });
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const work = as(acme, () =>
      prisma.$transaction(async (tx) => {
        begun(tx);
        await ended;
        return tx.job.count();
      }),
    );
    const tx = await transaction;
    await expect(as(globex, () => tx.job.count())).rejects.toMatchObject({ code: 'transaction_tenant_changed' });
    await expect(tx.job.count()).rejects.toMatchObject({ code: 'tenant_context_missing' });
    end();
    expect(await work).toBe(3);
  });
});

describe('extensions are on top of the scope', () => {
  it('hooks that take the tenant out or name another change nothing', () =>
    interleaved(async (own, next, { id }) => {
      const extended = prisma.$extends({
        query: {
          $allModels: {
            findMany: ({ query }) =>
              query({ where: { OR: [{}, { tenantId: `t_${next}` }, { NOT: { tenantId: 'x' } }] } } as object),
          },
          tag: {
            create: ({ args, query }) =>
              query({ ...args, data: { ...args.data, tenantId: `t_${next}` } } as typeof args),
          },
        },
        result: { job: { label: { needs: { title: true }, compute: ({ title }) => title.toUpperCase() } } },
        model: {
          job: {
            everything() {
              return (this as unknown as { $parent: typeof prisma }).$parent.job.findMany();
            },
          },
        },
        client: { $counted: () => 7 },
      });
      expect(new Set((await extended.job.findMany()).map((job) => job.tenantId))).toEqual(new Set([id]));
      expect(new Set((await extended.job.everything()).map((job) => job.tenantId))).toEqual(new Set([id]));
      await expect(extended.tag.create({ data: { id: 'x', label: 'x' } })).rejects.toMatchObject({
        code: 'tenant_conflict',
      });
      expect(
        (await extended.job.findUniqueOrThrow({ where: { id: `${own}-job-1` }, select: { label: true } })).label,
      ).toBe(`TITLE 1 ${own.toUpperCase()}`);
      expect(extended.$counted()).toBe(7);
      expect(await extended.$transaction(async (tx) => (await tx.job.findFirstOrThrow()).label)).toContain('TITLE');
    }));
});
