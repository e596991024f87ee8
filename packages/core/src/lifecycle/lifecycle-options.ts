import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { LONGEST_TIMER } from '../longest-timer.js';
import type { TenantEventSource } from './tenant-event.js';

export const LIFECYCLE_OPTIONS: unique symbol = Symbol('@tenancy/core:lifecycle-options');

/** Options of `TenantLifecycleModule`. */
export interface TenantLifecycleOptions {
  /**
   * The place that events are kept in.
   * @defaultValue the registry of `TenancyModule`, which `TenantDirectory` is
   */
  readonly source?: TenantEventSource;
  /**
   * Milliseconds between two rounds, in which is looked for what nobody has told of. False for a process that delivers nothing.
   * @defaultValue `5_000`
   */
  readonly every?: number | false;
}

export interface ResolvedLifecycleOptions {
  readonly source: TenantEventSource | null;
  readonly every: number | false;
}

/** @throws `tenancy_misconfigured`, naming the option that is wrong and the fix. */
export function resolveLifecycleOptions(options: TenantLifecycleOptions = {}): ResolvedLifecycleOptions {
  refuseUnknown('TenantLifecycleModule', options, ['source', 'every']);
  const { source, every = 5_000 } = options;
  if (source !== undefined) requireSource('TenantLifecycleModule.source', source);
  if (every !== false && (!Number.isSafeInteger(every) || every < 1 || every > LONGEST_TIMER)) {
    throw new TenancyConfigurationError(
      'TenantLifecycleModule.every',
      `is not a whole number from 1 to ${LONGEST_TIMER}`,
      'Pass milliseconds, or false.',
    );
  }
  return { source: source ?? null, every };
}

/** @throws `tenancy_misconfigured` for what delivers no events. */
export function requireSource(place: string, source: unknown): TenantEventSource {
  if (typeof (source as Partial<TenantEventSource> | null)?.deliverEvents === 'function')
    return source as TenantEventSource;
  throw new TenancyConfigurationError(
    place,
    'delivers no events',
    'Pass one that has `deliverEvents`, as `TenantDirectory` of @tenancy/postgres/tenants has.',
  );
}
