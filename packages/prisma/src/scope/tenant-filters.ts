import type { ScopedModel, ScopedRelation } from '../schema/model.js';
import type { Call, Filter } from './call.js';
import { structure } from './structure.js';

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

/** Of rows for which not all of the conditions are true. */
export function notAll(conditions: readonly Filter[]): Filter {
  return structure([['NOT', structure([['AND', conditions]])]]);
}

/** The value of a column that is another row's, or stays as it is. */
export const UNKNOWN = Symbol('unknown');

/** A filter that asks nothing. */
export const NOTHING: Filter = structure([]);
