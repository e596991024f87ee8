import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedModel } from '../schema/model.js';

/** One call of a model operation, which the rules of this folder rewrite the arguments of. */
export interface Call {
  readonly model: ScopedModel;
  readonly operation: string;
  readonly tenantId: string;
}

/** Rewrites one argument. `undefined` leaves it out. */
export type Rule = (value: unknown, call: Call, argument: string) => unknown;

export const asGiven: Rule = (value) => value;

/** P23: an argument, key or shape that is not known to be safe. */
export function refused(call: Call, what: string, fix: string): TenantScopeError {
  return new TenantScopeError(
    'scope_refused',
    `${call.model.name}.${call.operation} was refused: ${what}, and this version cannot keep that within the tenant. ${fix}`,
  );
}

export function refusedRelation(call: Call, argument: string, relation: string): TenantScopeError {
  return refused(
    call,
    `\`${argument}\` reaches through the relation ${relation}`,
    `Query the related model of its own, by the foreign key of ${call.model.name}.`,
  );
}
