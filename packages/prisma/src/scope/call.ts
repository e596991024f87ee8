import type { ScopedModel, ScopedRelation } from '../schema/model.js';
import type { Guards } from './guards.js';
import type { ResultCheck } from './result-check.js';

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
