import type { PrismaPromise } from '@prisma/client/runtime/client';
import type { TenantContext } from '@tenancy/core';
import { expectTypeOf } from 'vitest';
import {
  type TenantPoolLike,
  type TenantScopedClient,
  type TenantScopedTransaction,
  tenantScoped,
} from '../src/index.js';
import type { Job, PrismaClient } from './generated/client.js';

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
  expectTypeOf<Scoped['job']>().toEqualTypeOf<PrismaClient['job']>();
  expectTypeOf<ReturnType<Scoped['job']['count']>>().toExtend<PrismaPromise<number>>();
  expectTypeOf<keyof Scoped & `$${string}`>().toEqualTypeOf<
    '$connect' | '$disconnect' | '$queryRawUnsafe' | '$transaction' | '$extends'
  >();
  expectTypeOf<keyof TenantScopedTransaction<PrismaClient> & `$${string}`>().toEqualTypeOf<never>();
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
  expectTypeOf<Extract<keyof typeof scoped, '$on' | '$runCommandRaw'>>().toEqualTypeOf<never>();
  const { floor: _, ...without } = options;
  // @ts-expect-error: raw SQL needs a floor
  tenantScoped(prisma, without).$queryRaw;
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
  expectTypeOf<Extract<keyof typeof extended, '$queryRaw' | '$executeRawUnsafe' | '$on'>>().toEqualTypeOf<never>();
  await extended.job.create({
    data: { id: '1', title: 'x', candidates: { create: [{ email: 'nested, without the tenant' }] } },
  });
}
