import { ContextVariable } from '@tenancy/core/admin';
import { misconfigured } from '../errors/misconfigured.js';
import { said } from '../errors/require-arguments.js';

/** Work that reads alone, and what it must see. */
export interface Reading {
  /** The time when it began, on the clock of `performance.now()`: it sees what was committed by then. */
  readonly since: number;
}

const KEY = Symbol.for('@tenancy/postgres:reading');
const shared = globalThis as { [KEY]?: ContextVariable<Reading> };

/** One for the process, shared by every copy of this package. */
const variable = (shared[KEY] ??= new ContextVariable<Reading>());

/**
 * Runs work that reads alone: each connection that a `TenantPool` hands out in it may lead to a replica, and a statement that writes is
 * refused (`statement_refused`), whichever server it is sent to, and so is what a replica refuses otherwise, such as `NOTIFY`, `SERIALIZABLE` and advisory
 * locks. Where there is no replica, or none that is far enough, the primary answers.
 *
 * The work sees whatever was committed before it began, by any process (less what `reads.stalenessMillis` of the pool allows), and what this
 * pool was told to be committed for the tenant since. As of `TenantContext.run`, what `fn` returns reads so too, whenever it is awaited or subscribed to.
 *
 * A connection that was checked out before is what it was, and so is a transaction that is open on it.
 *
 * @throws `floor_misconfigured` when `fn` is no function.
 *
 * @example
 * ```ts
 * import { TenantContext } from '@tenancy/core';
 * import { createTenantPool, reading, rowLevelSecurity } from '@tenancy/postgres';
 *
 * const pool = createTenantPool({
 *   connectionString: process.env.DATABASE_URL,
 *   context: new TenantContext(),
 *   isolation: rowLevelSecurity(),
 *   replicas: ['postgres://app@replica.internal'],
 * });
 * const report = () => reading(() => pool.query('select status, count(*) from job group by status'));
 * ```
 */
export function reading<R>(fn: () => R): R {
  if (typeof fn !== 'function') {
    throw misconfigured(`reading: its argument is ${said(fn)}, not a function. Pass one that does the reading.`);
  }
  return variable.run({ since: performance.now() }, fn);
}

/** The reading work in hand; undefined outside of `reading`. */
export function currentReading(): Reading | undefined {
  return variable.get();
}
