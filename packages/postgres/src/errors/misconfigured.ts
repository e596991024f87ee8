import { TenantFloorError } from './tenant-floor-error.js';

/**
 * `floor_misconfigured`: an option or argument is wrong, or missing.
 *
 * @param explanation - what was called, what is wrong with what it was given, and the fix
 */
export function misconfigured(explanation: string, options?: { readonly cause?: unknown }): TenantFloorError {
  return new TenantFloorError('floor_misconfigured', explanation, options);
}
