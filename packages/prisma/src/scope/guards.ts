import type { ScopedModel, ScopedRelation } from '../schema/model.js';
import type { Filter } from './call.js';

/** P15: the rows of one relation's other end that must be the tenant's, because foreign keys are about to name them. */
export interface References {
  readonly relation: ScopedRelation;
  /** The tenant's rows at the end that is referred to. */
  readonly ofReferred: Filter;
  /** And those at the end that holds the keys. */
  readonly ofHolder: Filter;
  /** The distinct keys, each with a value for every column of the foreign key. */
  readonly keys: readonly (readonly unknown[])[];
}

/** P15: own rows that must not, once the call has written them, refer to a row that is not the tenant's. */
export interface Astray {
  readonly relation: ScopedRelation;
  readonly where: Filter;
}

/** Rows that must not exist: what a call would change of another tenant's. */
export interface Forbidden {
  readonly model: ScopedModel;
  readonly where: Filter;
  /** True when `where` has a unique key on top. */
  readonly isUnique: boolean;
  /** True when it is about all rows that the call might reach, because the ones it will reach cannot be told before. */
  readonly isWide: boolean;
  readonly why: string;
  /** The error thrown before rows of another tenant would be changed. */
  readonly refusal?: () => Error;
}

/** A condition that must be true of none of the rows that a part of a call is about. */
export interface OfRows {
  readonly of: ScopedModel;
  readonly condition: Filter;
  /** The relations that lead to them from the rows of the call. */
  readonly path: readonly ScopedRelation[];
  /** The relations by which the condition goes on from own rows to further own rows. */
  readonly chain: readonly ScopedRelation[];
  readonly why: string;
  /** The error thrown before rows of another tenant would be changed. */
  readonly refusal?: () => Error;
}

/** A row that a new one refers to, found or made before it: `into` gets the key, in place of the relation. */
export interface Predecessor {
  readonly model: ScopedModel;
  readonly operation: 'findUniqueOrThrow' | 'create' | 'upsert';
  readonly args: Filter;
  readonly into: (row: Filter) => void;
  /** The own row that refers to it already, of a one-to-one relation, and what makes it let go: the arguments of an `updateMany`. */
  readonly letGo?: { readonly model: ScopedModel; readonly argsFor: (row: Filter) => Filter };
  /** The error thrown when it is not found and the new one may not come to be. */
  readonly refusal?: () => Error;
}

/** The look-ups before and after a call runs, in its transaction. */
export class Guards {
  readonly #references = new Map<
    ScopedRelation,
    { readonly rows: Omit<References, 'keys'>; readonly keys: Map<unknown, readonly unknown[]> }
  >();
  readonly forbidden: Forbidden[] = [];
  /** The look-ups after the call, because it cannot be told before which rows the written ones will refer to. */
  readonly astray: Astray[] = [];
  readonly predecessors: Predecessor[] = [];
  /** The conditions that `scopeArguments` puts beside the `where` of the call, once all of the call is known. */
  readonly ofRows: OfRows[] = [];
  /** Rows that are connected, and the condition that another tenant's row has one of them now, or follows it. */
  readonly taken: {
    readonly model: ScopedModel;
    readonly where: Filter;
    readonly condition: Filter;
    readonly why: string;
    readonly refusal?: () => Error;
  }[] = [];
  /** The relations, as seen from either side, by which the call links rows that are there before it. */
  readonly linked = new Set<ScopedRelation>();
  /** The models of which the call changes columns. */
  readonly changed = new Set<ScopedModel>();

  link(relation: ScopedRelation): void {
    this.linked.add(relation).add(relation.inverse);
  }

  /** Rows of one call often name the same one: it is looked up once. */
  requireRow(rows: Omit<References, 'keys'>, key: readonly unknown[]): void {
    const known = this.#references.get(rows.relation) ?? { rows, keys: new Map() };
    this.#references.set(rows.relation, known);
    known.keys.set(identityOf(key), key);
  }

  get references(): readonly References[] {
    return [...this.#references.values()].map(({ rows, keys }) => ({ ...rows, keys: [...keys.values()] }));
  }

  get isEmpty(): boolean {
    return (
      this.#references.size === 0 &&
      this.forbidden.length === 0 &&
      this.astray.length === 0 &&
      this.predecessors.length === 0
    );
  }
}

/** The same for two keys of the same values, and for no others: what is not known to be one value is looked up by itself. */
function identityOf(key: readonly unknown[]): unknown {
  const parts: string[] = [];
  for (const value of key) {
    if (value instanceof Date) parts.push(`date ${value.getTime()}`);
    else if (value instanceof Uint8Array) parts.push(`bytes ${Buffer.from(value).toString('hex')}`);
    else if (typeof value === 'object' || typeof value === 'function') return key;
    else parts.push(`${typeof value} ${String(value)}`);
  }
  return parts.length === 1 ? parts[0] : JSON.stringify(parts);
}
