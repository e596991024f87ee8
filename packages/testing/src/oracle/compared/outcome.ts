import { isTenancyError } from '@tenancy/core';
import { isAdapterError } from '@tenancy/core/adapter';

/** The outcome of an operation. */
export type Outcome = { readonly answer: unknown } | { readonly error: Error & { readonly code?: unknown } };

export async function outcomeOf(perform: () => PromiseLike<unknown>): Promise<Outcome> {
  try {
    return { answer: await perform() };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** True when the scope of an ORM refused it, or the context did: the packages of the scopes are not imported. */
export function isRefusal(error: object): boolean {
  return isTenancyError(error) || (isAdapterError(error) && error.name === 'TenantScopeError');
}
