import type { TenantColumnType } from '../../policies/policy-body.js';
import type { CompilePoliciesOptions } from '../../policies/policy-options.js';
import type { TableName } from '../plan/step.js';
import type { Limits } from '../run/run.js';

/** The stages, in their order. */
export const STAGES = ['expand', 'keys', 'observe', 'enforce'] as const;

/**
 * - `expand`: every table has the tenant column, filled and NOT NULL; old code goes on.
 * - `keys`: unique and foreign keys contain it; old code that joins rows of two tenants is refused.
 * - `observe`: policies are there that let everything through and are not asked; what they would hide is counted.
 * - `enforce`: each tenant sees its own rows alone.
 */
export type AdoptStage = (typeof STAGES)[number];

/** A table of an {@link Adoption}. */
export interface AdoptionTable {
  readonly table: TableName;
  readonly column: string;
  readonly value: string | undefined;
  readonly through: string | undefined;
}

/** Options of `adopt` without optionals. */
export interface Adoption {
  readonly tables: readonly AdoptionTable[];
  readonly type: TenantColumnType;
  readonly setting: string;
  readonly policies: CompilePoliciesOptions | undefined;
  readonly dropOldKeys: boolean;
  readonly limits: Limits;
  /** True where this stage is to be done. */
  reaches(stage: AdoptStage): boolean;
}
