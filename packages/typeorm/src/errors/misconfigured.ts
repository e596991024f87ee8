import { TenantScopeError } from './tenant-scope-error.js';

/**
 * `scope_misconfigured`: an option or argument is wrong, or missing.
 *
 * @param explanation - what was called, what is wrong with what it was given, and the fix
 */
export function misconfigured(explanation: string): TenantScopeError {
  return new TenantScopeError('scope_misconfigured', explanation);
}
