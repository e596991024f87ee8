import { misconfiguration } from './misconfigured.js';
import { TenancyError } from './tenancy-error.js';

/** `tenancy_misconfigured`: an option is wrong. Thrown at start; names the option and the fix. */
export class TenancyConfigurationError extends TenancyError {
  constructor(option: string, problem: string, fix: string) {
    super('tenancy_misconfigured', misconfiguration(option, problem, fix));
  }
}
