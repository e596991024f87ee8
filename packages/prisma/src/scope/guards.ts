import type { ScopedModel } from '../schema/model.js';
import type { Filter } from './call.js';

/** P15: rows that must exist within the tenant, because a foreign key is about to name them. */
export interface Reference {
  readonly model: ScopedModel;
  readonly wheres: readonly Filter[];
}

/** Rows that must not exist: what a call would change of another tenant's. */
export interface Forbidden {
  readonly model: ScopedModel;
  readonly where: Filter;
  /** Whether `where` has a unique key on top. */
  readonly isUnique: boolean;
  readonly why: string;
}

/** What is looked up before a call runs, in its transaction. */
export class Guards {
  readonly references: Reference[] = [];
  readonly forbidden: Forbidden[] = [];
  /** Conditions on the rows that the call itself is about, which `scopeArguments` puts beside its `where`. */
  readonly ofRows: { readonly condition: Filter; readonly why: string }[] = [];

  get isEmpty(): boolean {
    return this.references.length === 0 && this.forbidden.length === 0;
  }
}
