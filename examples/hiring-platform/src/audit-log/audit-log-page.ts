import { z } from 'zod';

/** Query parameters are text. */
const number = (most: number) => z.coerce.number().int().min(1).max(most);

export const auditLogPage = z.strictObject({ page: number(10_000).default(1), size: number(100).default(20) });

export type AuditLogPage = z.infer<typeof auditLogPage>;
