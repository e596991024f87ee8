import { BRAND } from './brand.js';

/** The message of an error about a wrong option. */
export const misconfiguration = (option: string, problem: string, fix: string): string =>
  `${option}: ${problem}. ${fix}`;

/** `tenancy_misconfigured` where Nest must not be loaded: no `TenancyError`, and known as one by `isTenancyError`. */
export function misconfigured(option: string, problem: string, fix: string): Error {
  const code = 'tenancy_misconfigured';
  const error = new Error(`${code}: ${misconfiguration(option, problem, fix)}`);
  return Object.assign(error, { name: 'TenancyConfigurationError', [BRAND]: true, code });
}
