import type { RawSql, TenantScopedClient } from '@tenancy/prisma';
import type { PrismaClient } from '../generated/client.js';

/** The client that sees the rows of the current company, and no others: its raw SQL as well, which the database holds. */
export type TenantPrisma = TenantScopedClient<PrismaClient, RawSql>;

/** The client that a callback of `$transaction` is given, as far as others than its caller use it. */
export type PrismaTransaction = Pick<TenantPrisma, 'auditEntry'>;
