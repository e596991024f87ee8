import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrismaLibSql } from '@prisma/adapter-libsql';
import { type Tenant, TenantContext } from '@tenancy/core';
import { tenantScoped } from '../../src/index.js';
import { PrismaClient } from './generated/client.js';

export const acme: Tenant = { id: 't_acme', slug: 'acme' };
export const globex: Tenant = { id: 't_globex', slug: 'globex' };

export type Names = Awaited<ReturnType<typeof openNames>>;
export type NamesClient = Names['prisma'];

/** A database whose columns have the names of Prisma's own structure; rows 1xx are acme's, 2xx globex's. */
export async function openNames() {
  const folder = await mkdtemp(join(tmpdir(), 'tenancy-names-'));
  const url = `file:${join(folder, 'names.db')}`;
  const [outside, inside] = [1, 2].map(() => new PrismaClient({ adapter: new PrismaLibSql({ url }) })) as [
    PrismaClient,
    PrismaClient,
  ];
  // Nothing of it outlives the tests: no statement waits for the disk.
  for (const client of [outside, inside]) await client.$queryRawUnsafe('pragma synchronous = off');
  const tables = await readFile(new URL('tables.sql', import.meta.url), 'utf8');
  for (const statement of tables.split(';\n')) {
    if (statement.trim() !== '') await outside.$executeRawUnsafe(statement);
  }
  const context = new TenantContext();
  const models = [
    outside.box,
    outside.lid,
    outside.doc,
    outside.spoke,
    outside.hub,
    outside.form,
    outside.gate,
    outside.pallet,
    outside.bay,
    outside.aisle,
  ] as unknown as (typeof outside.box)[];
  return {
    outside,
    prisma: tenantScoped(inside, { context }),
    as: <R>({ id, slug }: Tenant, work: () => R): R => context.run({ id, slug }, work),
    seed: async () => {
      for (const model of models) await model.deleteMany();
      for (const [{ id: tenantId }, n] of [
        [acme, 100],
        [globex, 200],
      ] as const) {
        await outside.spoke.createMany({ data: [1, 2].map((id) => ({ tenantId, id: n + id })) });
        await outside.hub.create({ data: { tenantId, id: n + 1, dataId: n + 1 } });
        await outside.spoke.update({ where: { id: n + 2 }, data: { hubId: n + 1 } });
        await outside.doc.create({ data: { tenantId, id: n + 1, title: `doc ${n}` } });
        await outside.form.create({ data: { tenantId, id: n + 1 } });
        await outside.gate.createMany({ data: [1, 2].map((id) => ({ tenantId, id: n + id, AND: 'x' })) });
        await outside.lid.createMany({
          data: [1, 2, 3].map((id) => ({ tenantId, id: n + id, title: `lid ${id}` })),
        });
        await outside.box.create({
          data: { tenantId, id: n + 1, lidId: n + 1, docId: n + 1, hubId: n + 1, formId: n + 1 },
        });
        await outside.lid.updateMany({ where: { tenantId }, data: { ownerId: n + 1 } });
      }
    },
    /** All rows, read from outside. */
    rows: () => Promise.all(models.map((model) => model.findMany({ orderBy: { id: 'asc' } }))),
    stop: async () => {
      await Promise.all([outside.$disconnect(), inside.$disconnect()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
