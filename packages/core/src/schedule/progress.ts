import type { Tenant } from '../tenant.js';

/** The outcome of a run over all tenants, in numbers of tenants. */
export interface VisitResult {
  readonly done: number;
  readonly failed: number;
  /** Not active, deleted meanwhile, or finished by a run that this one resumes. */
  readonly skipped: number;
}

/** The state of a run, after the work for `tenant`. */
export interface Progress extends VisitResult {
  readonly tenant: Tenant;
  /** Of the tenants that were listed when it began. */
  readonly total: number;
}
