import { TenancyConfigurationError } from './configuration-error.js';

/**
 * Refuses what is no object where options are wanted: nobody reads an option of a text, so each would have its default.
 *
 * @param place - what takes the options, as an error names it
 * @throws `tenancy_misconfigured`, naming the `place`.
 */
export function requireOptions(place: string, options: unknown): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  throw new TenancyConfigurationError(place, 'is given no object as its options', 'Pass one: `{ … }`.');
}
