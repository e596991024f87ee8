import type { TenantContext } from '@tenancy/core';
import type { PrismaClient } from './generated/client.js';

/** The same operations, held to the caller's tenant in one way or another. */
export interface PrismaCase {
  findMany(): PromiseLike<readonly { readonly tenantId: string }[]>;
  findUnique(id: number): PromiseLike<{ readonly tenantId: string } | null>;
  /** An office, its jobs, their candidates. */
  include(id: number): PromiseLike<{ readonly tenantId: string; readonly jobs: readonly unknown[] } | null>;
  create(): PromiseLike<{ readonly tenantId: string }>;
  nestedCreate(): PromiseLike<{ readonly tenantId: string }>;
  /** One candidate for each of these jobs, by a foreign key that has no tenant in it. */
  createMany(jobs: readonly number[]): PromiseLike<{ readonly count: number }>;
}

/** The name of an operation, `@` and how many call it at once; `tick` is once for each of 100 tenants in one tick. */
export type Work =
  | Exclude<keyof PrismaCase, 'createMany'>
  | 'findMany@20'
  | 'findMany@100'
  | 'findUnique/tick'
  | 'createMany/1 key'
  | 'createMany/1000 keys';
export type OpenCase = (prisma: PrismaClient, context: TenantContext) => PrismaCase;
