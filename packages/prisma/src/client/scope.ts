import type { TenantContext } from '@tenancy/core';
import { isUsableTenantId, variablesInHand } from '@tenancy/core/adapter';
import { misconfigured } from '../errors/misconfigured.js';
import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedModel } from '../schema/model.js';
import type { ClientSource } from './client-source.js';
import type { Extension } from './extension.js';
import type { RawClient } from './raw-client.js';
import type { TenantTurns } from './tenant-turns.js';

/** One scoped client, or one transaction of it. */
export interface Scope {
  /** The same for a client and everything derived from it: its transactions, its extensions. */
  readonly identity: object;
  readonly source: ClientSource;
  readonly context: Pick<TenantContext, 'tenantId' | 'bind'>;
  readonly models: readonly ScopedModel[];
  readonly turns: TenantTurns;
  /** True when the database itself holds every query to its tenant. */
  readonly hasFloor: boolean;
  /** True when Prisma refuses explicit `undefined` (`strictUndefinedChecks`). */
  readonly forbidsUndefined: boolean;
  /** True when the database compares text by its bytes, so that no two tenants' ids are equal to it. */
  readonly comparesBytes: boolean;
  /** Waited for before anything is sent. */
  readonly before: Promise<void> | null;
  /** The application's own, in the order they were added. */
  readonly extensions: readonly Extension[];
  /** True when errors say where an operation was called. */
  readonly showsCallSites: boolean;
  /** The members that the class of the client adds to Prisma's. */
  readonly own: ReadonlyMap<string, PropertyDescriptor>;
  /** The columns that these compute. */
  readonly computed: ReadonlySet<string>;
  readonly transaction: ScopeTransaction | null;
}

export interface ScopeTransaction {
  readonly client: RawClient;
  /** The tenant that began it. */
  readonly tenantId: string;
  /** Why it must not be committed: something was refused when it was written. */
  failure: { readonly error: unknown } | null;
}

/** Runs something in the tenant's context that was there when the query was created. */
export type Within = <R>(fn: () => R) => R;

/** The tenant of a call, captured when the call is made, and a way back into its context. */
export interface Caller {
  readonly tenantId: string;
  readonly within: Within;
  /** The values that its work carries beside the tenant: whether it only reads, and so from where. */
  readonly variables: object | undefined;
}

/**
 * P2: asserted before any argument is built, because a tenant that is not there would ask for every tenant's rows.
 *
 * @throws `tenant_context_missing` outside any tenant's context, `transaction_tenant_changed` inside another's.
 */
export function captureCaller({ context, transaction, comparesBytes }: Scope): Caller {
  const { tenantId } = context;
  if (!isUsableTenantId(tenantId)) {
    throw misconfigured('the `context` has no usable tenant id. Pass a TenantContext.');
  }
  if (!comparesBytes && !/^[a-z0-9_-]+$/.test(tenantId)) {
    throw new TenantScopeError(
      'scope_refused',
      'this database may take two texts for equal that differ in upper and lower case, in accents or in spaces at the end, ' +
        'so the ids of two tenants could be one to it. Use tenant ids of lower-case letters a to z, digits, - and _.',
    );
  }
  if (transaction !== null && transaction.tenantId !== tenantId) {
    throw new TenantScopeError(
      'transaction_tenant_changed',
      "a transaction that one tenant began was used by another. Begin a transaction in each tenant's own context.",
    );
  }
  return { tenantId, within: withinTenantOf(context), variables: variablesInHand() };
}

/** Prisma's answer has begun by then, so nothing of it needs to be searched for work that begins later. */
function withinTenantOf(context: Scope['context']): Within {
  const bound = context.bind((fn: () => void) => fn());
  return <R>(fn: () => R) => {
    let result: R | undefined;
    bound(() => {
      result = fn();
    });
    return result as R;
  };
}
