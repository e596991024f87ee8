import type { TenantContext } from '@tenancy/core';
import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedModel } from '../schema/model.js';
import type { RawClient } from './raw-client.js';
import type { Within } from './scoped-query.js';
import type { TenantTurns } from './tenant-turns.js';

/** One scoped client, or one transaction of it. */
export interface Scope {
  readonly client: RawClient;
  readonly context: Pick<TenantContext, 'tenantId' | 'bind'>;
  readonly models: readonly ScopedModel[];
  readonly turns: TenantTurns;
  /** Whether the database itself holds every query to its tenant. */
  readonly hasFloor: boolean;
  /** The tenant that began the transaction, when there is one. */
  readonly transactionOf: string | null;
}

/** The tenant of a call, captured when the call is made, and a way back into its context. */
export interface Caller {
  readonly tenantId: string;
  readonly within: Within;
}

/**
 * P2: asserted before any argument is built, because a tenant that is not there would ask for every tenant's rows.
 *
 * @throws `tenant_context_missing` outside any tenant's context, `transaction_tenant_changed` inside another's.
 */
export function captureCaller({ context, transactionOf }: Scope): Caller {
  const { tenantId } = context;
  if (typeof tenantId !== 'string' || tenantId === '') {
    throw new TenantScopeError('scope_misconfigured', 'the `context` has no tenant id. Pass a TenantContext.');
  }
  if (transactionOf !== null && transactionOf !== tenantId) {
    throw new TenantScopeError(
      'transaction_tenant_changed',
      'a transaction that one tenant began was used by another. Begin a transaction in each tenant’s own context.',
    );
  }
  return { tenantId, within: context.bind((fn: () => unknown) => fn()) as Within };
}
