import { readFile } from 'node:fs/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { TenantContext } from '@tenancy/core';
import { createDatabase } from '@tenancy/testing/postgres';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { tenantScoped } from '../../src/index.js';
import { Prisma, PrismaClient } from './generated/client.js';

/** PostgreSQL answers these in lower case, whatever case they are written in. */
const acme = { id: 'A0000000-0000-4000-8000-00000000000A', slug: 'acme' };
const globex = { id: 'b0000000-0000-4000-8000-00000000000b', slug: 'globex' };
const own = { tenantId: acme.id.toLowerCase() };

const context = new TenantContext();
let client: PrismaClient;
let prisma: ReturnType<typeof scoped>;
let stop: () => Promise<void>;
const scoped = (raw: PrismaClient) => tenantScoped(raw, { context, shared: ['Country'], writable: ['Country'] });

beforeAll(async () => {
  const database = await createDatabase(inject('postgresUrl'));
  const pool = new pg.Pool({ connectionString: database.url, max: 4 }).on('error', () => {});
  await pool.query(await readFile(new URL('tables.sql', import.meta.url), 'utf8'));
  client = new PrismaClient({ adapter: new PrismaPg(pool) });
  prisma = scoped(client);
  stop = async () => {
    await client.$disconnect();
    await pool.end();
    await database.stop();
  };
});
afterAll(() => stop());
beforeEach(async () => {
  for (const model of [client.note, client.job, client.office, client.agency, client.country]) {
    await (model as typeof client.job).deleteMany();
  }
  await client.country.create({ data: { code: 'CH' } });
  for (const { id: tenantId, slug } of [acme, globex]) {
    await client.office.create({ data: { tenantId, id: 'main' } });
    await client.agency.create({ data: { tenantId, id: `${slug}-agency`, fee: 2.5 } });
    await client.job.create({ data: { tenantId, id: `${slug}-job`, title: 'welder of steel', officeId: 'main' } });
    await client.note.create({ data: { tenantId, id: `${slug}-note`, jobId: `${slug}-job` } });
  }
});

const asAcme = <R>(work: () => R): R => context.run(acme, work);

describe('prisma-15: a relation is used beside another one whose key holds the tenant', () => {
  const where = { id: 'new' };
  type Relations = Pick<Prisma.JobCreateInput, 'country' | 'agency' | 'office' | 'notes'>;
  const ways: Readonly<Record<string, Relations>> = {
    'connect a shared row': { country: { connect: { code: 'CH' } } },
    'connect an own row': { agency: { connect: { id: 'acme-agency', fee: { gt: 1 } } } },
    'connect both': { country: { connect: { code: 'CH' } }, agency: { connect: { id: 'acme-agency' } } },
    create: { agency: { create: { id: 'made' } }, notes: { create: { id: 'made' } } },
    'connectOrCreate what is there': {
      country: { connectOrCreate: { where: { code: 'CH' }, create: { code: 'CH' } } },
    },
    'connectOrCreate what is not': { agency: { connectOrCreate: { where: { id: 'made' }, create: { id: 'made' } } } },
    'with the other one as well': {
      country: { connect: { code: 'CH' } },
      office: { connect: { tenantId_id: { tenantId: acme.id, id: 'main' } } },
    },
  };

  it.each(Object.entries(ways))('%s', async (_name, relations) => {
    const include = { country: true, agency: true, office: true };
    const created = await asAcme(() => prisma.job.create({ data: { ...where, ...relations }, include }));
    expect(created).toMatchObject({ ...own, ...(relations.country && { countryCode: 'CH' }) });
    if (relations.agency) expect(created.agency).toMatchObject(own);
    if (relations.office) expect(created.office).toMatchObject(own);
  });

  it('nested, and in a transaction', () =>
    asAcme(() =>
      prisma.$transaction(async (tx) => {
        const job = { id: 'nested', country: { connect: { code: 'CH' } } };
        await tx.office.update({ where: { id: 'main' }, data: { jobs: { create: { id: 'plain' } } } });
        await tx.note.create({ data: { id: 'made', job: { create: job } } });
        expect(await tx.job.findUnique({ where: { id: 'nested' } })).toMatchObject({ ...own, countryCode: 'CH' });
      }),
    ));

  it("another tenant's row, and one that is not there, are not found", async () => {
    for (const id of ['globex-agency', 'none']) {
      const create = () => prisma.job.create({ data: { ...where, agency: { connect: { id } } } });
      await expect(asAcme(create)).rejects.toMatchObject({ code: 'P2025', name: 'PrismaClientKnownRequestError' });
    }
    const taken = { where: { id: 'globex-agency' }, create: { id: 'globex-agency' } };
    const create = () => prisma.job.create({ data: { ...where, agency: { connectOrCreate: taken } } });
    await expect(asAcme(create)).rejects.toThrow();
    expect(await client.job.count()).toBe(2);
  });

  it('where the row may not come to be, nothing is made for it', async () => {
    const create = { ...where, agency: { create: { id: 'made' } } };
    const upsert = () => prisma.job.upsert({ where: { id: 'acme-job' }, create, update: {} });
    await expect(asAcme(upsert)).rejects.toMatchObject({ code: 'scope_refused' });
    expect(await client.agency.count()).toBe(2);
  });
});

describe('prisma-18: what the database answers is the same tenant, in whatever case', () => {
  it('required relations are there', async () => {
    const notes = await asAcme(() => prisma.note.findMany({ include: { job: true } }));
    expect(notes).toMatchObject([{ ...own, job: own }]);
    const created = await asAcme(() =>
      prisma.note.create({ data: { id: 'x', jobId: 'acme-job' }, include: { job: true } }),
    );
    expect(created.job).toMatchObject(own);
  });

  it('whole rows are written back, and created anew', async () => {
    await asAcme(async () => {
      const { details: _, ...row } = await prisma.job.findUniqueOrThrow({ where: { id: 'acme-job' } });
      await prisma.job.update({ where: { id: row.id }, data: { ...row, title: 'changed' } });
      await prisma.job.create({ data: { ...row, id: 'copy' } });
      const after = await prisma.job.findMany({ cursor: { id: 'copy', tenantId: row.tenantId } });
      expect(after).toMatchObject([own]);
    });
  });

  it('and another is another', async () => {
    const { note } = client;
    await note.update({ where: { id: 'acme-note' }, data: { jobId: 'globex-job' } });
    await expect(asAcme(() => prisma.note.findMany({ include: { job: true } }))).rejects.toMatchObject({
      code: 'tenant_row_unavailable',
    });
    const create = () => prisma.job.create({ data: { id: 'x', tenantId: globex.id } });
    await expect(asAcme(create)).rejects.toMatchObject({ code: 'tenant_conflict' });
  });
});

describe('prisma-19: preview features', () => {
  it('relationLoadStrategy, on either side of a key without the tenant', async () => {
    await client.note.update({ where: { id: 'globex-note' }, data: { jobId: 'acme-job' } });
    for (const relationLoadStrategy of ['join', 'query'] as const) {
      const include = { notes: true, office: true };
      const [job] = await asAcme(() => prisma.job.findMany({ relationLoadStrategy, include }));
      expect(job?.notes).toMatchObject([{ id: 'acme-note' }]);
      const astray = () => prisma.note.findMany({ relationLoadStrategy, include: { job: true } });
      await expect(context.run(globex, astray)).rejects.toMatchObject({ code: 'tenant_row_unavailable' });
      const data = { title: relationLoadStrategy };
      const updated = await asAcme(() =>
        prisma.job.update({ where: { id: 'acme-job' }, data, relationLoadStrategy, include }),
      );
      expect(updated.notes).toMatchObject([{ id: 'acme-note' }]);
    }
  });

  it('_relevance orders own rows', async () => {
    await asAcme(async () => {
      await prisma.job.create({ data: { id: 'other', title: 'baker' } });
      for (const fields of ['title', ['title', 'id']] as const) {
        const rank = { fields: fields as 'title', search: 'steel', sort: 'desc' as const };
        const jobs = await prisma.job.findMany({ orderBy: { _relevance: rank } });
        expect(jobs.map(({ id }) => id)).toEqual(['acme-job', 'other']);
        const notes = await prisma.note.findMany({ orderBy: { job: { _relevance: rank } } });
        expect(new Set(notes.map(({ tenantId }) => tenantId))).toEqual(new Set([own.tenantId]));
      }
      const notes = { fields: ['notes'], search: 'x', sort: 'asc' };
      await expect(prisma.job.findMany({ orderBy: { _relevance: notes } } as object)).rejects.toMatchObject({
        code: 'scope_refused',
      });
    });
  });
});

describe('prisma-12, prisma-22: values are read once, when the query is created', () => {
  it('a value that changes its mind is looked up as it is written', async () => {
    let asked = 0;
    const agencyId = {
      toJSON() {
        asked += 1;
        return asked === 1 ? 'acme-agency' : 'globex-agency';
      },
    };
    await asAcme(() => prisma.job.create({ data: { id: 'x', agencyId: agencyId as never } }));
    expect(await client.job.findUnique({ where: { id: 'x' } })).toMatchObject({ agencyId: 'acme-agency' });
    const later = { toJSON: () => (asked++ % 2 === 0 ? 'globex-agency' : 'acme-agency') };
    asked = 1;
    await asAcme(() => prisma.job.updateMany({ where: { id: 'x' }, data: { agencyId: later as never } }));
    expect(await client.job.findUnique({ where: { id: 'x' } })).toMatchObject({ agencyId: 'acme-agency' });
  });

  it('an array with methods of its own is its items', async () => {
    class Rows extends Array<Prisma.JobCreateManyInput> {
      override map(): never {
        return [{ id: 'stolen', tenantId: globex.id }] as never;
      }
      override [Symbol.iterator]() {
        return [{ id: 'stolen', tenantId: globex.id }].values();
      }
    }
    const data = new Rows();
    data[0] = { id: 'mine' };
    await asAcme(() => prisma.job.createMany({ data }));
    expect(await client.job.findMany({ where: { id: { in: ['mine', 'stolen'] } } })).toMatchObject([
      { id: 'mine', ...own },
    ]);
  });

  it('what is changed before the query starts changes nothing', async () => {
    const ids = ['acme-job'];
    const details = { tags: ['a'] };
    const photo = Buffer.from('one');
    await asAcme(async () => {
      const found = prisma.job.findMany({ where: { id: { in: ids } } });
      const page = { fields: ['title'], search: 'steel', sort: 'asc' };
      const ordered = prisma.job.findMany({ orderBy: { _relevance: page as never } });
      const made = prisma.job.create({ data: { id: 'x', details: { ...details, nested: details }, photo } });
      ids.push('x');
      page.fields = ['nothing'];
      details.tags.push('b');
      photo.write('two');
      expect((await made).details).toEqual({ tags: ['a'], nested: { tags: ['a'] } });
      expect(Buffer.from((await made).photo ?? []).toString()).toBe('one');
      expect(await found).toHaveLength(1);
      expect(await ordered).toHaveLength(2);
    });
  });

  it("and Prisma's own values stay what they are", async () => {
    await asAcme(async () => {
      const fee = new Prisma.Decimal('12.50');
      await prisma.agency.create({ data: { id: 'x', fee } });
      expect(await prisma.agency.findMany({ where: { fee: { in: [fee] } } })).toHaveLength(1);
      expect(await prisma.agency.count({ where: { fee: { equals: prisma.agency.fields.fee } } })).toBe(2);
      await prisma.job.update({ where: { id: 'acme-job' }, data: { details: Prisma.JsonNull } });
      expect(await prisma.job.count({ where: { details: { equals: Prisma.AnyNull } } })).toBe(1);
      expect(await prisma.job.count({ where: { details: { equals: Prisma.DbNull } } })).toBe(0);
      const data = { photo: new Uint8Array([1, 2, 3]) };
      expect((await prisma.job.update({ where: { id: 'acme-job' }, data })).photo).toEqual(data.photo);
    });
  });
});
