import { TenantScopeError } from '../errors/tenant-scope-error.js';
import type { ScopedRelation } from '../schema/model.js';
import { nameOf } from './refusals.js';
import { isTenantId } from './tenant-filters.js';

/**
 * P6: a required relation takes no condition, so the row that came back is looked at. One node for each place of the
 * result where a relation was asked for.
 */
export class ResultCheck {
  readonly #relations = new Map<string, ResultCheck>();
  readonly #computed: ReadonlySet<string>;
  #tenant: { readonly field: string; readonly isAsked: boolean; readonly relation: ScopedRelation } | null = null;

  /** @param computed the columns that extensions compute, of rows of whichever model. */
  constructor(computed: ReadonlySet<string>) {
    this.#computed = computed;
  }

  /** The node of a relation below this one. */
  of(relation: string): ResultCheck {
    const node = this.#relations.get(relation) ?? new ResultCheck(this.#computed);
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
      const shown = row[field];
      // A computed column of that name stands before what the database has, until the row itself is written to.
      const isShadowed = this.#computed.has(field) && Reflect.defineProperty(row, field, { configurable: true });
      if (!isTenantId(row[field], relation.to, tenantId)) {
        throw new TenantScopeError(
          'tenant_row_unavailable',
          `the required relation ${nameOf(relation)} of a row leads to no row of this tenant. Correct the foreign key, and put the ` +
            'tenant into it at both ends so that the database compares it.',
        );
      }
      if (isAsked) {
        if (isShadowed) row[field] = shown;
      } else if (this.#computed.size === 0) delete row[field];
      // Columns are computed when they are read, and may need it then: it stays, and is not shown.
      else Object.defineProperty(row, field, { enumerable: false, configurable: false });
    }
    for (const [name, node] of this.#relations) {
      if (!node.isEmpty && row[name] !== undefined) node.check(row[name], tenantId);
    }
  }
}
