import type { Tenant } from '@tenancy/core';
import type { Ownership, Rows } from '../copies/ownership.js';

/** The texts that only others' rows hold, by which an error is known to tell of them. */
export class Canaries {
  readonly #of = new Map<string, readonly string[]>();

  constructor(rows: Rows, ownership: Ownership, tenants: readonly Tenant[]) {
    for (const { id } of tenants) {
      const own = textsOf(ownership.part(rows, id, true));
      const others = textsOf(ownership.part(rows, id, false));
      this.#of.set(
        id,
        [...others].filter((text) => !own.has(text) && isTelling(text)),
      );
    }
  }

  /** The first of them in the text that the tenant did not give itself, or null. */
  in(text: string, { id }: Tenant, given: string): string | null {
    return this.#of.get(id)?.find((canary) => text.includes(canary) && !given.includes(canary)) ?? null;
  }
}

/** A plain word may stand in any message. */
const isTelling = (text: string) => text.length >= 6 && /[\d\s@]/.test(text) && !/^\d{4}-\d\d-\d\d/.test(text);

function textsOf(rows: Rows): ReadonlySet<string> {
  const texts = new Set<string>();
  for (const all of rows.values()) {
    for (const row of all) for (const value of Object.values(row)) if (typeof value === 'string') texts.add(value);
  }
  return texts;
}
