import { TenancyConfigurationError } from './configuration-error.js';
import { unknownOption } from './known-options.js';

/**
 * An option that nobody reads is one that somebody relies on: `cahce: false` would leave the cache on.
 *
 * @throws `tenancy_misconfigured`, naming the option and the known one that is nearest.
 */
export function refuseUnknown(place: string, options: unknown, known: readonly string[]): void {
  const unknown = unknownOption(place, options, known);
  if (unknown) throw new TenancyConfigurationError(...unknown);
}
