import type { Finding, RuleName } from '../doctor/rule.js';

/** A rule of the doctor, or the check that only the pool itself can make. */
export type StartCheck = RuleName | 'two-tenants';

export type StartFinding = Omit<Finding, 'rule'> & { readonly rule: StartCheck };

/** What becomes of a check's findings, by the check's name. What is not named stops the pool. */
export type StartChecks = { readonly [check in StartCheck]?: 'warn' | 'off' };
