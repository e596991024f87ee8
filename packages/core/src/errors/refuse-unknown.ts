import { TenancyConfigurationError } from './configuration-error.js';
import { unknownOption } from './known-options.js';
import { requireOptions } from './require-options.js';

/**
 * An option that nobody reads is one that somebody relies on: `cahce: false` would leave the cache on. Without options each has its default.
 *
 * @throws `tenancy_misconfigured`, naming the option and the known one that is nearest, or the place where the options are no object.
 */
export function refuseUnknown(place: string, options: unknown, known: readonly string[]): void {
  if (options !== undefined && options !== null) requireOptions(place, options);
  const unknown = unknownOption(place, options, known);
  if (unknown) throw new TenancyConfigurationError(...unknown);
}
