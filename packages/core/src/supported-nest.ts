import { ModulesContainer } from '@nestjs/core';
import { TenancyConfigurationError } from './errors/configuration-error.js';
import { nestVersion } from './peer.js';

/**
 * Package managers only warn of a peer that is too old, and what fails of it then is deep inside.
 *
 * @throws `tenancy_misconfigured`, naming the version that is installed.
 */
export function requireSupportedNest(): void {
  // Came with 11.1.4, as the hook of requests did.
  if ('getRpcTargetRegistry' in ModulesContainer.prototype) return;
  throw new TenancyConfigurationError(
    'TenancyModule',
    `@tenancy/core needs NestJS 11.1.4 or newer; found ${nestVersion() ?? 'an older one'}`,
    'Update all packages of @nestjs together: `npm ls @nestjs/core` shows who brought this one.',
  );
}
