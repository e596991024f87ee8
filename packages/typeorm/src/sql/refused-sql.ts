import { randomUUID } from 'node:crypto';
import { TenantScopeError } from '../errors/tenant-scope-error.js';

/** Stands before each statement that a scoped builder generated, until the SQL is sent. */
export const MARK = `/*${randomUUID()}*/`;

export function refusedSql(
  why: string,
  fix = 'Use query builders over entities, also for sub-queries',
): TenantScopeError {
  return new TenantScopeError(
    'scope_refused',
    `a statement did not run, because ${why}, and so it cannot be held to a tenant. ${fix}; or put the floor of @tenancy/postgres ` +
      'below the data source, which allows raw SQL.',
  );
}
