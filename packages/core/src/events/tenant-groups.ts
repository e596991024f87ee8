import { Subject } from 'rxjs';
import { storage, type TenantStore } from '../context/storage.js';
import type { Tenant } from '../tenant.js';

/** One subject for each tenant, made in its context when something of it comes for the first time; `null` for what has none. */
export class TenantGroups<T> {
  readonly #subjects = new Map<string | null, Subject<T>>();

  /** @param open is called once for each tenant, in its context, and subscribes to what is the tenant's own. */
  constructor(private readonly open: (own: Subject<T>, tenant: Tenant | null) => void) {}

  /** Hands `value` to the group of whoever calls, in the caller's context: of one group all are of the same tenant. */
  next(value: T): void {
    this.of(storage.getStore()?.tenant ?? null).next(value);
  }

  /** The subject of `tenant`. */
  of(tenant: Tenant | null): Subject<T> {
    const id = tenant?.id ?? null;
    const known = this.#subjects.get(id);
    if (known) return known;
    const own = new Subject<T>();
    this.#subjects.set(id, own);
    // Not in the request's own store, which the group would keep for good.
    const store: TenantStore | undefined = tenant ? { tenant, refusal: null } : undefined;
    storage.run(store, () => this.open(own, tenant));
    return own;
  }

  complete(): void {
    for (const [, own] of this.#subjects) own.complete();
  }
}
