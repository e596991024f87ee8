import { randomBytes } from 'node:crypto';
import type { Tenant } from '@tenancy/core';
import type { IsolationHarness } from '../../harness/isolation-harness.js';

/** The begin of texts that stand for invented ones where they have to be the same each time. */
export const INVENTED = 'invented';

/** A text of the tenant's own, which is a canary from now on. */
export function invented({ canaries }: IsolationHarness, tenant: Tenant, name: string): string {
  const text = `canary-${name}-${randomBytes(5).toString('hex')}`;
  canaries.plant(tenant, name, text);
  return text;
}
