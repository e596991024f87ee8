import { TenancyConfigurationError } from './configuration-error.js';

/**
 * What is no function would fail where it is called, which may be much later, and far from here.
 *
 * @throws `tenancy_misconfigured`, naming the `place` that it was given to.
 */
export function requireFunction(place: string, fn: unknown): void {
  if (typeof fn === 'function') return;
  throw new TenancyConfigurationError(
    place,
    'is given no function',
    'Pass the function that is to run, without calling it.',
  );
}
