import { TenancyConfigurationError } from './configuration-error.js';

/**
 * Refuses what is no function, which would fail where it is called: much later, and far from here.
 *
 * @param place - what it was given to, as an error names it: `TenantContext.run`
 * @throws `tenancy_misconfigured`, naming the `place`.
 */
export function requireFunction(place: string, fn: unknown): void {
  if (typeof fn === 'function') return;
  throw new TenancyConfigurationError(
    place,
    'is given no function',
    'Pass the function that is to run, without calling it.',
  );
}
