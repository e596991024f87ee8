/** The first version that has a fix, by major version. A major version that is not listed never had the fault. */
export interface RowSecurityFix {
  readonly cve: string;
  readonly fault: string;
  readonly fixedIn: Readonly<Record<number, number>>;
}

/** Views that run as the caller (`security_invoker`) came with PostgreSQL 15. */
export const OLDEST_MAJOR = 15;

/**
 * Faults of row-level security itself, from https://www.postgresql.org/support/security/ and the release notes that it
 * names. A server older than these lets a query see other rows than the policies say.
 */
export const REQUIRED_FIXES: readonly RowSecurityFix[] = [
  { cve: 'CVE-2023-2455', fault: 'policies of another role after inlining a function', fixedIn: { 15: 3 } },
  { cve: 'CVE-2023-39418', fault: 'MERGE did not enforce policies for UPDATE', fixedIn: { 15: 4 } },
  {
    cve: 'CVE-2024-10976',
    fault: 'a cached plan kept the policies of another role',
    fixedIn: { 15: 9, 16: 5, 17: 1 },
  },
  {
    cve: 'CVE-2025-8713',
    fault: 'planner statistics of partitions showed hidden values',
    fixedIn: { 15: 14, 16: 10, 17: 6 },
  },
];

/**
 * Faults that a query of the application's own does not meet, only one that an attacker writes: advice, so that a server
 * whose provider is some weeks behind still starts. Read in the release notes of 15.19 (August 2026) and 15.20 (November
 * 2026); PostgreSQL releases its major versions together, one minor each.
 */
export const ADVISED_FIXES: readonly RowSecurityFix[] = [
  {
    cve: 'CVE-2026-14666',
    fault: 'a cached plan outlived a change of roles',
    fixedIn: { 15: 19, 16: 15, 17: 11, 18: 5 },
  },
  {
    cve: 'CVE-2026-116311',
    fault: 'DROP OWNED removed a role from restrictive policies that name it',
    fixedIn: { 15: 20, 16: 16, 17: 12, 18: 6 },
  },
  {
    cve: 'CVE-2026-120154',
    fault: 'the condition of ON CONFLICT DO UPDATE saw hidden rows',
    fixedIn: { 15: 20, 16: 16, 17: 12, 18: 6 },
  },
  {
    cve: 'CVE-2026-116327',
    fault: 'some leaky expressions were taken for leakproof',
    fixedIn: { 15: 20, 16: 16, 17: 12, 18: 6 },
  },
];
