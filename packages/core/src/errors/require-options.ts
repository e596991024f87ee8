import { TenancyConfigurationError } from './configuration-error.js';

/** @throws `tenancy_misconfigured` for options that are no object, of which none would be read. */
export function requireOptions(place: string, options: unknown): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  throw new TenancyConfigurationError(place, 'is given options that are no object', 'Pass `{ … }`, or leave them out.');
}
