import type { PoolConfig } from 'pg';
import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireOptions, said } from '../errors/require-arguments.js';
import { requireConnectionOption } from '../errors/require-connection.js';

/** How work in `reading` uses replicas. */
export interface ReadOptions {
  /**
   * Milliseconds by which a read may miss what other processes have committed, at most a minute. What this pool has committed for the tenant is never
   * missed, and its first read in a place misses nothing.
   * @defaultValue `0`: whatever was committed before `reading` began is seen
   */
  readonly stalenessMillis?: number;
  /**
   * Milliseconds for which a read waits for a replica that is behind.
   * @defaultValue `50`
   */
  readonly waitMillis?: number;
  /**
   * The way of a read then: `'primary'` asks the primary, `'refuse'` throws `replica_behind`. The same goes for replicas that are down.
   * @defaultValue `'primary'`
   */
  readonly whenBehind?: 'primary' | 'refuse';
  /**
   * The most connections to a database of a replica.
   * @defaultValue the pool's `max`, or `10`
   */
  readonly maxConnectionsPerReplica?: number;
  /**
   * The most databases of replicas that are open at once in this process.
   * @defaultValue `20`
   */
  readonly maxDatabases?: number;
}

export type ReadSettings = Required<Omit<ReadOptions, 'maxConnectionsPerReplica'>> & {
  readonly maxConnectionsPerReplica: number | undefined;
};

/** A tenant that is moved away and back within that time might be read as it was in between: not there. */
const LONGEST_STALENESS = 60_000;

/** Node's timers take a longer delay for one millisecond. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** @throws TenantFloorError `floor_misconfigured` when an option is wrong. */
export function resolveReadOptions(options: ReadOptions = {}): ReadSettings {
  const place = 'createTenantPool: reads';
  requireOptions(place, options);
  const { stalenessMillis = 0, waitMillis = 50, whenBehind = 'primary', maxDatabases = 20 } = options;
  const { maxConnectionsPerReplica } = options;
  const settings = { stalenessMillis, waitMillis, whenBehind, maxConnectionsPerReplica, maxDatabases };
  refuseUnknown(place, options, Object.keys(settings));
  requireWhole(place, { stalenessMillis }, 0, LONGEST_STALENESS);
  requireWhole(place, { waitMillis }, 0);
  requireWhole(place, { maxConnectionsPerReplica, maxDatabases }, 1);
  if (whenBehind !== 'primary' && whenBehind !== 'refuse') {
    throw misconfigured(`${place}: the option \`whenBehind\` is ${said(whenBehind)}. Use 'primary' or 'refuse'.`);
  }
  return settings;
}

/** @throws TenantFloorError `floor_misconfigured` where `replicas` is no list of addresses. */
export function requireReplicas(place: string, option: string, replicas: unknown): void {
  if (!Array.isArray(replicas)) {
    throw misconfigured(
      `${place}: the option \`${option}\` is ${said(replicas)}, not a list. Pass the addresses of the replicas.`,
    );
  }
  for (const replica of replicas) {
    requireConnectionOption(place, option, replica ?? null);
    const { Client, pipeline } = replica as PoolConfig & { readonly pipeline?: unknown };
    if (Client === undefined && !pipeline) continue;
    throw misconfigured(
      `${place}: the option \`${option}\` has \`Client\` or \`pipeline\`, which the pool does not support. Leave them out.`,
    );
  }
}

function requireWhole(
  place: string,
  options: Readonly<Record<string, number | undefined>>,
  least: number,
  most = LONGEST_DELAY,
): void {
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) continue;
    throw misconfigured(
      `${place}: the option \`${option}\` is ${said(value)}. Use a whole number from ${least} to ${most}.`,
    );
  }
}
