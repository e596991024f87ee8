import { TenancyConfigurationError } from '../errors/configuration-error.js';

/**
 * The reason of an admin's work, as its caller gives it: `{ reason: 'support ticket 4711' }`.
 *
 * @param place - what was called, as an error names it: `AdminKysely.acrossTenants`
 * @throws `tenancy_misconfigured` where there is none, or an empty one.
 */
export function requireReason(place: string, options: unknown): string {
  const reason = (options as { readonly reason?: unknown } | null | undefined)?.reason;
  if (typeof reason === 'string' && reason.trim() !== '') return reason;
  throw new TenancyConfigurationError(place, 'has no reason', 'Say why: `{ reason: "ticket 4711" }`.');
}
