import { expect, it } from 'vitest';
import * as admin from '../src/admin.js';
import * as eslint from '../src/eslint.js';
import * as core from '../src/index.js';

it('the public surface is this, and grows only on purpose', () => {
  expect({ core: Object.keys(core).sort(), admin: Object.keys(admin), eslint: Object.keys(eslint) }).toEqual({
    core: [
      'CachedTenantRegistry',
      'CurrentTenant',
      'InMemoryTenantRegistry',
      'TenancyConfigurationError',
      'TenancyError',
      'TenancyModule',
      'TenantContext',
      'TenantContextInterceptor',
      'TenantContextMissingError',
      'TenantGuard',
      'TenantInactiveError',
      'TenantMismatchError',
      'TenantRegistry',
      'TenantRegistryUnavailableError',
      'TenantRequiredError',
      'TenantResolver',
      'TenantResolverMiddleware',
      'TenantSourceFailedError',
      'TenantSwitchRefusedError',
      'Untenanted',
      'fromCustomDomain',
      'fromJwt',
      'fromRequest',
      'fromSession',
      'fromSignedHeader',
      'fromSubdomain',
      'isTenancyError',
      'resumeRequest',
      'signTenantHeader',
      'verifiedPayload',
    ],
    admin: ['TenantAdmin'],
    eslint: ['tenancyConfig'],
  });
});

it('the way out is not reachable from the main entry', () => {
  expect(core).not.toHaveProperty('TenantAdmin');
});
