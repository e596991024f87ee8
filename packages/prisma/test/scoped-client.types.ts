import type { PrismaPromise } from '@prisma/client/runtime/client';
import type { TenantContext } from '@tenancy/core';
import { expectTypeOf } from 'vitest';
import {
  type TenantPoolLike,
  type TenantScopedClient,
  type TenantScopedTransaction,
  tenantScoped,
} from '../src/index.js';
import type { Candidate, Job, Prisma, PrismaClient } from './generated/client.js';

/** The members that can be called at all. */
type Usable<Client> = { [Name in keyof Client]-?: [Client[Name]] extends [never] ? never : Name }[keyof Client];

/** Compiled by `typecheck`, and never called. */
export async function scopedClientTypes(prisma: TenantScopedClient<PrismaClient>) {
  const job = await prisma.job.create({ data: { id: '1', title: 'without the tenant' } });
  expectTypeOf(job).toEqualTypeOf<Job>();
  const selected = await prisma.job.findMany({ select: { id: true } });
  expectTypeOf(selected).toEqualTypeOf<{ id: string }[]>();
  const list = await prisma.$transaction([prisma.job.count(), prisma.job.findFirst()]);
  expectTypeOf(list).toEqualTypeOf<[number, Job | null]>();
  const result = await prisma.$transaction(
    async (tx) => {
      expectTypeOf(tx).toEqualTypeOf<TenantScopedTransaction<PrismaClient>>();
      return tx.job.count();
    },
    { isolationLevel: 'Serializable' },
  );
  expectTypeOf(result).toEqualTypeOf<number>();
  // @ts-expect-error: no such level
  await prisma.$transaction(async () => 1, { isolationLevel: 'Wishful' });
  // @ts-expect-error: a title is required
  await prisma.job.create({ data: { id: '1' } });

  // The ways around the scope are not there.
  type Scoped = TenantScopedClient<PrismaClient>;
  expectTypeOf<Scoped['country']>().toEqualTypeOf<PrismaClient['country']>();
  expectTypeOf<Scoped['job']>().toExtend<PrismaClient['job']>();
  expectTypeOf<ReturnType<Scoped['job']['count']>>().toExtend<PrismaPromise<number>>();
  expectTypeOf<Usable<Scoped> & `$${string}`>().toEqualTypeOf<
    '$connect' | '$disconnect' | '$queryRawUnsafe' | '$transaction' | '$extends'
  >();
  expectTypeOf<Usable<TenantScopedTransaction<PrismaClient>> & `$${string}`>().toEqualTypeOf<'$transaction'>();
}

/** Over a floor raw SQL is there, and nothing else is. */
export async function floorClientTypes(
  prisma: PrismaClient,
  options: { context: TenantContext; floor: TenantPoolLike },
) {
  const scoped = tenantScoped(prisma, options);
  expectTypeOf(await scoped.$queryRaw<{ n: number }[]>`select 1 as n`).toEqualTypeOf<{ n: number }[]>();
  await scoped.$transaction(async (tx) => {
    expectTypeOf(await tx.$executeRaw`delete from "Job"`).toEqualTypeOf<number>();
  });
  expectTypeOf<Extract<Usable<typeof scoped>, '$on' | '$runCommandRaw'>>().toEqualTypeOf<never>();
  const { floor: _, ...without } = options;
  // @ts-expect-error: raw SQL needs a floor
  tenantScoped(prisma, without).$queryRaw`select 1 as n`;
}

/** Extensions are on top of the scoped client, and the result is one as well. */
export async function extendedClientTypes(prisma: TenantScopedClient<PrismaClient>) {
  const extended = prisma
    .$extends({
      result: { job: { label: { needs: { title: true }, compute: ({ title }) => title.toUpperCase() } } },
      model: { job: { newest: (of: string) => of.length } },
    })
    .$extends({
      client: { $hello: (name: string) => name.length },
      query: { job: { findMany: ({ args, query }) => query(args) } },
    });
  expectTypeOf((await extended.job.findFirstOrThrow()).label).toEqualTypeOf<string>();
  expectTypeOf(extended.job.newest('x')).toEqualTypeOf<number>();
  expectTypeOf(extended.$hello('you')).toEqualTypeOf<number>();
  await extended.$transaction(async (tx) =>
    expectTypeOf((await tx.job.findFirstOrThrow()).label).toEqualTypeOf<string>(),
  );
  expectTypeOf<Extract<Usable<typeof extended>, '$queryRaw' | '$executeRawUnsafe' | '$on'>>().toEqualTypeOf<never>();
  await extended.job.create({
    data: { id: '1', title: 'x', candidates: { create: [{ email: 'nested, without the tenant' }] } },
  });
}

/** prisma-20: the rest of a unique key that holds the tenant is enough. */
export async function ownKeyTypes(prisma: TenantScopedClient<PrismaClient>) {
  expectTypeOf(await prisma.job.findUnique({ where: { title: 'Welder' } })).toEqualTypeOf<Job | null>();
  const byCompound = await prisma.job.findUniqueOrThrow({
    where: { tenantId_title: { title: 'Welder' }, salary: { gt: 1 } },
    select: { id: true, office: { select: { city: true } } },
  });
  expectTypeOf(byCompound).toEqualTypeOf<{ id: string; office: { city: string } | null }>();
  const office = await prisma.job.findUnique({ where: { title: 'Welder' } }).office();
  expectTypeOf(office?.city).toEqualTypeOf<string | undefined>();
  const where = { email: 'a@example.com' };
  expectTypeOf(await prisma.candidate.update({ where, data: { stage: 'HIRED' } })).toEqualTypeOf<Candidate>();
  expectTypeOf(await prisma.candidate.delete({ where })).toEqualTypeOf<Candidate>();
  expectTypeOf(await prisma.candidate.upsert({ where, create: where, update: {} })).toEqualTypeOf<Candidate>();
  expectTypeOf(await prisma.job.findMany({ cursor: { title: 'Welder' }, take: 2 })).toEqualTypeOf<Job[]>();
  await prisma.$transaction((tx) => tx.job.findUnique({ where: { title: 'Welder' } }));
  // With the tenant as well, as before.
  await prisma.job.findUnique({ where: { tenantId_title: { tenantId: 't_acme', title: 'Welder' } } });

  // @ts-expect-error: an officeId identifies no job
  await prisma.job.findUnique({ where: { officeId: 'x' } });
  // @ts-expect-error: no such column
  await prisma.job.findUnique({ where: { title: 'Welder' }, select: { nothing: true } });
  // @ts-expect-error: not by a filter
  await prisma.job.findUnique({ where: { title: { contains: 'Weld' } } });
  // @ts-expect-error: a key is missing
  await prisma.job.findUnique({ where: {} });
}

/** prisma-20: the field may have another name. */
export async function otherFieldTypes(prisma: PrismaClient, context: TenantContext) {
  const byTitle = tenantScoped(prisma, { context, tenantField: 'title' });
  await byTitle.job.findUnique({ where: { tenantId_title: { tenantId: 'x' } } });
  // @ts-expect-error: of this client, `title` is the tenant
  await byTitle.job.findUnique({ where: { tenantId_title: { title: 'x' } } });
}

/** prisma-21: what an application has takes the scoped client, and its transactions. */
export async function acceptedTypes(
  scoped: TenantScopedClient<PrismaClient>,
  tx: TenantScopedTransaction<PrismaClient>,
) {
  const inTransaction = (transaction: Prisma.TransactionClient) => transaction.job.count();
  class Repository {
    constructor(readonly prisma: PrismaClient) {}
  }
  await inTransaction(tx);
  await inTransaction(scoped);
  new Repository(scoped);
  await scoped.$transaction((each) => inTransaction(each));
  const delegate: Prisma.JobDelegate = scoped.job;
  await delegate.findMany();
  type Where = Prisma.Args<typeof scoped.job, 'findMany'>['where'];
  expectTypeOf<Where>().toEqualTypeOf<Prisma.JobWhereInput | undefined>();

  // @ts-expect-error: raw SQL needs a floor
  await scoped.$executeRaw`delete from "Job"`;
  // @ts-expect-error: on the PrismaClient, before it is scoped
  scoped.$on('query', () => {});
}

/** prisma-11: of a class of the application's own, what is there at run time is in the type, and nothing else. */
export function ownClassTypes(context: TenantContext, service: PrismaService) {
  const scoped = tenantScoped(service, { context });
  expectTypeOf(scoped.openJobs(3)).toEqualTypeOf<Promise<Job[]>>();
  expectTypeOf(scoped.label).toEqualTypeOf<string>();
  // @ts-expect-error: it may hold the unscoped client
  scoped.held;
  // @ts-expect-error: raw SQL needs a floor
  scoped.$queryRaw`select 1`;
  const same: PrismaService['openJobs'] = scoped.openJobs;
  return same;
}

interface PrismaService extends PrismaClient {
  readonly label: string;
  readonly held: { readonly client: PrismaClient };
  openJobs(most: number): Promise<Job[]>;
}
