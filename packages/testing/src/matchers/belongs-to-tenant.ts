import { inspect } from 'node:util';
import type { Tenant } from '@tenancy/core';
import { findCanaries } from '../canaries/find-canaries.js';
import { knownCanaries, knownCanariesOfOthers } from '../canaries/known-canaries.js';
import { type Difference, showDifferences } from './difference.js';
import { checkTenant } from './leaks-nothing-of.js';
import { checkArrived, seenOf } from './response.js';
import type { Verdict } from './verdict.js';

/** Options of `toBelongToTenant`. */
export interface BelongsToTenantOptions {
  /**
   * The field that says whose a row is.
   * @defaultValue `tenantId` or `tenant_id`, whichever there is
   */
  readonly property?: string;
}

/**
 * Passes when `value` holds rows, and each is `tenant`'s: a list of rows, one row, a body with rows anywhere inside, or a
 * response. An empty list does not pass: it would, too, if the query found nothing at all.
 *
 * Rows say whose they are by a field. Where an API does not send it, each row has to hold a value that was planted for
 * the tenant, and none that was planted for another.
 *
 * @example
 * ```ts
 * import { belongsToTenant } from '@tenancy/testing';
 *
 * const acme = { id: 't_acme', slug: 'acme' };
 * const { pass } = belongsToTenant([{ id: 1, tenantId: 't_acme' }], acme); // true
 * ```
 */
export function belongsToTenant(value: unknown, tenant: Tenant, options: BelongsToTenantOptions = {}): Verdict {
  checkArrived('toBelongToTenant', value);
  checkTenant('toBelongToTenant', tenant);
  const rows = seenOf(value)?.body ?? value;
  const properties = options.property === undefined ? ['tenantId', 'tenant_id'] : [options.property];
  const own = new OwnRows(tenant, properties);
  own.visit(rows, '$', false, false);
  if (own.count === 0 && options.property === undefined && knownCanaries(tenant).length > 0) {
    return byCanaries(rows, tenant);
  }
  if (own.count === 0) return none(rows, tenant, properties);
  return verdict(tenant, own.count, own.differences);
}

/** Walks a body, and notes what says that it is somebody else's, or nobody's. */
class OwnRows {
  count = 0;
  readonly differences: Difference[] = [];
  readonly #seen = new Set<object>();

  constructor(
    private readonly tenant: Tenant,
    private readonly properties: readonly string[],
  ) {}

  visit(value: unknown, path: string, isItem: boolean, isInsideRow: boolean): void {
    if (typeof value !== 'object' || value === null || this.#seen.has(value)) return;
    this.#seen.add(value);
    if (Array.isArray(value)) {
      for (const [n, item] of value.entries()) this.visit(item, `${path}[${n}]`, true, isInsideRow);
      return;
    }
    const property = this.properties.find((name) => name in value);
    if (property !== undefined) {
      this.count += 1;
      const found = (value as Record<string, unknown>)[property];
      if (found !== this.tenant.id) {
        this.differences.push({ path: `${path}.${property}`, expected: this.tenant.id, found: inspect(found) });
      }
    } else if (isItem && !isInsideRow) {
      this.differences.push({
        path,
        expected: `${this.properties[0]}: ${this.tenant.id}`,
        found: `no ${this.properties.join(' or ')}: ${inspect(value, { depth: 1, breakLength: Infinity })}`,
      });
    }
    for (const [key, inner] of Object.entries(value)) {
      this.visit(inner, `${path}.${key}`, false, isInsideRow || property !== undefined);
    }
  }
}

function byCanaries(value: unknown, tenant: Tenant): Verdict {
  const rows = rowsIn(value, '$');
  const [own, others] = [Object.freeze(knownCanaries(tenant)), Object.freeze(knownCanariesOfOthers(tenant))];
  const differences = rows.flatMap(({ row, path }): Difference[] => {
    const foreign = findCanaries(row, others, path).map(({ canary, path: at, excerpt }) => ({
      path: at,
      expected: `nothing but ${tenant.slug}'s`,
      found: `${excerpt}   (${canary.what} of ${canary.tenantId})`,
    }));
    if (foreign.length > 0 || findCanaries(row, own).length > 0) return foreign;
    const shown = inspect(row, { depth: 1, breakLength: Infinity });
    return [{ path, expected: `a value that is known to be ${tenant.slug}'s`, found: shown }];
  });
  return rows.length === 0 ? none(value, tenant, ['tenantId', 'tenant_id']) : verdict(tenant, rows.length, differences);
}

/** The items of every list, or the value itself where there is no list. */
function rowsIn(value: unknown, root: string): { readonly row: object; readonly path: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const items = (list: readonly unknown[], path: string) =>
    list.flatMap((row, n) => (typeof row === 'object' && row !== null ? [{ row, path: `${path}[${n}]` }] : []));
  if (Array.isArray(value)) return items(value, root);
  const lists = Object.entries(value).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
  if (lists.length === 0) return [{ row: value, path: root }];
  return lists.flatMap(([key, list]) => items(list, `${root}.${key}`));
}

function none(value: unknown, tenant: Tenant, properties: readonly string[]): Verdict {
  const fields = properties.join(' or ');
  const isEmpty = Array.isArray(value) && value.length === 0;
  const why = isEmpty
    ? 'and the list is empty, which proves nothing. Plant a row first'
    : `and nothing in ${inspect(value, { depth: 2 })} has ${fields}. Name the field with { property }, or plant what is the tenant's`;
  return { pass: false, message: () => `Expected rows of ${tenant.slug}, ${why}.` };
}

function verdict(tenant: Tenant, count: number, differences: readonly Difference[]): Verdict {
  return {
    pass: differences.length === 0,
    message: () =>
      differences.length === 0
        ? `Expected rows that are not ${tenant.slug}'s, and all ${count} are.`
        : `Expected every row to be ${tenant.slug}'s.\n\n${showDifferences(differences)}`,
  };
}
