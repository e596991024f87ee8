import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedRelation } from '../schema/model.js';
import { isTenantId, nameOf } from './call.js';

/**
 * P6: a required relation takes no condition, so the row that came back is looked at. One node for each place of the
 * result where a relation was asked for.
 */
export class ResultCheck {
  readonly #relations = new Map<string, ResultCheck>();
  #tenant: { readonly field: string; readonly isAsked: boolean; readonly relation: ScopedRelation } | null = null;

  /** The node of a relation below this one. */
  of(relation: string): ResultCheck {
    const node = this.#relations.get(relation) ?? new ResultCheck();
    this.#relations.set(relation, node);
    return node;
  }

  /** The row here must be the tenant's. Its tenant field is taken out again unless the caller asked for it. */
  requireTenant(field: string, isAsked: boolean, relation: ScopedRelation): void {
    this.#tenant = { field, isAsked, relation };
  }

  get isEmpty(): boolean {
    return this.#tenant === null && [...this.#relations.values()].every((node) => node.isEmpty);
  }

  /** @throws `tenant_row_unavailable` when a row belongs to another tenant. */
  check(result: unknown, tenantId: string): void {
    for (const row of Array.isArray(result) ? result : [result])
      if (row !== null) this.#checkRow(row as Record<string, unknown>, tenantId);
  }

  #checkRow(row: Record<string, unknown>, tenantId: string): void {
    if (this.#tenant) {
      const { field, isAsked, relation } = this.#tenant;
      if (!isTenantId(row[field], relation.to, tenantId)) {
        throw new TenantScopeError(
          'tenant_row_unavailable',
          `the required relation ${nameOf(relation)} of a row leads to no row of this tenant. Correct the foreign key, and put the ` +
            'tenant into it at both ends so that the database compares it.',
        );
      }
      if (!isAsked) delete row[field];
    }
    for (const [name, node] of this.#relations) {
      if (!node.isEmpty && row[name] !== undefined) node.check(row[name], tenantId);
    }
  }
}
