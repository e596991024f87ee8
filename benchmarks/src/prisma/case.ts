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
}

export type Work = keyof PrismaCase;
export type OpenCase = (prisma: PrismaClient, context: TenantContext) => PrismaCase;
