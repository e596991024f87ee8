import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedModel, ScopedRelation } from '../schema/model.js';
import { plainValue } from './column-value.js';
import type { Guards } from './guards.js';
import type { ResultCheck } from './result-check.js';
import { structure } from './structure.js';

export type Filter = Readonly<Record<string, unknown>>;

/** One call of a model operation, which the rules of this folder rewrite the arguments of. */
export interface Call {
  readonly model: ScopedModel;
  readonly operation: string;
  readonly tenantId: string;
  /** True when the database itself shows and changes rows of this tenant only. */
  readonly hasFloor: boolean;
  /** True when Prisma refuses explicit `undefined`. */
  readonly forbidsUndefined: boolean;
  /** Guards to check in the transaction of the call; the rules add to them. */
  readonly guards: Guards;
  /** The relations that lead from the rows that the call itself is about to those being written. */
  readonly path: readonly ScopedRelation[];
  /** True when the rules are at a row that may not come to be, as the `create` of an upsert. */
  readonly isUncertain: boolean;
  /** The list that the new row is one of, which Prisma takes by columns or by relations altogether. */
  readonly list: NewRows | null;
  /** The known values of columns of the row being changed. */
  readonly known: Filter;
  /** Conditions on the row being changed, beside its key; the rules add to them. Null of a new row. */
  readonly required: Filter[] | null;
  /** Columns that the application's extensions compute: Prisma makes them of columns of the same row. */
  readonly computed: ReadonlySet<string>;
  /** Checks of the result, at the place the rules are at. */
  readonly result: ResultCheck;
}

/** By what the rows of one list set their foreign keys. */
export interface NewRows {
  /** True when one of them names a relation. */
  readonly nameRelations: boolean;
  /** True when each of them has its tenant from a relation that it names. */
  readonly haveTenant: boolean;
}

/** Rewrites one argument, or a part of it that concerns `model`. `undefined` leaves it out. */
export type Rule = (value: unknown, model: ScopedModel, call: Call, argument: string) => unknown;

export const asGiven: Rule = (value, _model, call, argument) => plainValue(value, call, argument);

/** Only rows of the tenant; null when the model is shared. */
export function tenantCondition({ tenantField }: ScopedModel, { tenantId }: Call): Filter | null {
  return tenantField === null ? null : structure([[tenantField, tenantId]]);
}

/** Compares a value with the tenant's id, as the column of a model's tenant field compares it. */
export function isTenantId(value: unknown, { tenantType }: ScopedModel, tenantId: string): boolean {
  return (
    value === tenantId ||
    (typeof value === 'string' && canonical(value, tenantType) === canonical(tenantId, tenantType))
  );
}

/** Types of which a database may answer a value in another notation than it was given. */
function canonical(id: string, type: string | null): string {
  if (type === 'uuid' || type === 'uniqueidentifier') return id.replace(/[{}-]/g, '').toLowerCase();
  return type === 'char' ? id.replace(/ +$/, '') : id;
}

/**
 * P3: the tenant is ANDed with what is asked, so that no key of it can override the tenant: it is a key of its own beside the
 * others, and what is asked about the tenant is asked as well. In an AND of its own Prisma would read some of what is asked
 * otherwise, such as `{ OR: [{}] }`.
 */
export function withinTenant(model: ScopedModel, call: Call, asked: Filter = NOTHING): Filter {
  const { tenantField } = model;
  if (tenantField === null) return asked;
  const entries = Object.entries(asked);
  if (!entries.some(([key]) => key === tenantField)) return structure([...entries, [tenantField, call.tenantId]]);
  const { AND: and = [] } = asked;
  return structure([
    ...entries.filter(([key]) => key !== tenantField && key !== 'AND'),
    [tenantField, call.tenantId],
    ['AND', [...(Array.isArray(and) ? and : [and]), structure([[tenantField, asked[tenantField]]])]],
  ]);
}

/** Of rows that have a related row for which the condition is true. */
export function related({ name, isList }: ScopedRelation, condition: Filter): Filter {
  return structure([[name, structure([[isList ? 'some' : 'is', condition]])]]);
}

/** The value of a column that is another row's, or stays as it is. */
export const UNKNOWN = Symbol('unknown');

/** A filter that asks nothing. */
export const NOTHING: Filter = structure([]);

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

export const nameOf = ({ of, name }: ScopedRelation): string => `${of.name}.${name}`;
