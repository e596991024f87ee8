import type { Finding, RuleName } from '../doctor/diagnosis/rule.js';

/** A rule of the doctor, or the check that only the pool itself can make. */
export type StartCheck = RuleName | 'two-tenants';

export type StartFinding = Omit<Finding, 'rule'> & { readonly rule: StartCheck };

/** Checks by their names, and what becomes of their findings. Those of a check that is not named stop the pool. */
export type StartChecks = { readonly [check in StartCheck]?: 'warn' | 'off' };
