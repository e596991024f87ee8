import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedModel, ScopedRelation } from '../schema/model.js';
import type { Call } from './call.js';

/** P23: an argument, key or shape that is not known to be safe. */
export function refused(call: Call, what: string, fix: string): TenantScopeError {
  return new TenantScopeError(
    'scope_refused',
    `${call.model.name}.${call.operation} was refused: ${what}, and this version cannot keep that within the tenant. ${fix}`,
  );
}

export function unknownKey(call: Call, model: ScopedModel, argument: string, key: string): TenantScopeError {
  return refused(
    call,
    `\`${argument}\` has the key ${JSON.stringify(key)}, which is not known for ${model.name}`,
    'Correct or remove it.',
  );
}

/** P12, P13: arguments that name another tenant. */
export function conflict(call: Call, what: string, fix: string): TenantScopeError {
  return new TenantScopeError('tenant_conflict', `${call.model.name}.${call.operation} ${what}. ${fix}`);
}

export function sharedWrite(call: Call, model: ScopedModel): TenantScopeError {
  return refused(
    call,
    `${model.name} is shared by all tenants, and a write would reach every one of them`,
    `Write to it with AdminPrisma of @tenancy/prisma/admin, or name it in \`writable\` if tenants may change it.`,
  );
}

/** The look-up that an upsert would otherwise create a row after, although there is one. */
export function upsertOfOthers(
  { name }: ScopedModel,
  call: Call,
): { readonly why: string; readonly refusal: () => Error } {
  const what = `the row of ${name} that it would change is there, and is another tenant's or leads to another tenant's row`;
  return {
    why: `upserting a row of ${name}`,
    refusal: () =>
      new TenantScopeError('tenant_row_unavailable', `${call.model.name}.${call.operation} was refused: ${what}.`),
  };
}

export const nameOf = ({ of, name }: ScopedRelation): string => `${of.name}.${name}`;
