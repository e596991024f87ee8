import { expect, it } from 'vitest';
import * as adapter from '../src/adapter.js';
import * as admin from '../src/admin.js';
import * as bullmq from '../src/bullmq.js';
import * as cache from '../src/cache.js';
import * as eslint from '../src/eslint.js';
import * as events from '../src/events.js';
import * as graphql from '../src/graphql.js';
import * as http from '../src/http.js';
import * as core from '../src/index.js';
import * as lifecycle from '../src/lifecycle.js';
import * as logging from '../src/logging.js';
import * as microservices from '../src/microservices.js';
import * as schedule from '../src/schedule.js';
import * as signedHeader from '../src/signed-header.js';
import * as storage from '../src/storage.js';
import * as throttler from '../src/throttler.js';
import * as websockets from '../src/websockets.js';

it('the public surface is this, and grows only on purpose', () => {
  expect({
    core: Object.keys(core).sort(),
    adapter: Object.keys(adapter).sort(),
    admin: Object.keys(admin).sort(),
    bullmq: Object.keys(bullmq).sort(),
    cache: Object.keys(cache),
    eslint: Object.keys(eslint),
    events: Object.keys(events).sort(),
    graphql: Object.keys(graphql).sort(),
    http: Object.keys(http).sort(),
    lifecycle: Object.keys(lifecycle).sort(),
    logging: Object.keys(logging).sort(),
    microservices: Object.keys(microservices),
    schedule: Object.keys(schedule).sort(),
    signedHeader: Object.keys(signedHeader),
    storage: Object.keys(storage).sort(),
    throttler: Object.keys(throttler).sort(),
    websockets: Object.keys(websockets).sort(),
  }).toEqual({
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
      'Tenanted',
      'Untenanted',
      'admitRequest',
      'fromCustomDomain',
      'fromJwt',
      'fromRequest',
      'fromSession',
      'fromSignedHeader',
      'fromSubdomain',
      'isTenancyError',
      'perTenant',
      'resumeRequest',
      'signTenantHeader',
      'verifiedPayload',
    ],
    adapter: [
      'AdapterError',
      'AuditTrail',
      'IN_TRANSACTION',
      'OWN_TENANT',
      'SQL_BLANK',
      'TENANT_POOL',
      'adoptClient',
      'captureTenant',
      'domainName',
      'isAdapterError',
      'isBranded',
      'isConstant',
      'isTenantPool',
      'isUsableTenantId',
      'missingConnection',
      'outsideAnyTenant',
      'requireFunction',
      'requireReason',
      'slipOf',
      'tenantEventKinds',
      'unknownOption',
      'variablesInHand',
    ],
    admin: [
      'ContextVariable',
      'TenantAdmin',
      'TenantCacheAdmin',
      'TenantQueueAdmin',
      'TenantSocketAdmin',
      'TenantStorageAdmin',
    ],
    bullmq: ['TenantBullModule', 'fairnessSql', 'tenantProcessor'],
    cache: ['TenantCache', 'TenantCacheModule'],
    eslint: ['tenancyConfig'],
    events: ['TenantOutbox', 'TenantOutboxModule', 'eachTenant', 'outboxTableSql', 'postgresOutbox'],
    graphql: ['TenantGraphQLModule', 'TenantPubSub', 'tenantLoader'],
    http: ['TENANT_FETCH', 'TenantHttpModule', 'tenantAxios', 'tenantDispatcher', 'tenantFetch', 'untenantedCall'],
    lifecycle: ['OnTenant', 'TenantLifecycleModule'],
    logging: ['TenantLogger', 'TenantSpanProcessor', 'tenantBaggage', 'tenantLabels', 'tenantPino', 'tenantWinston'],
    microservices: ['TenantMicroservicesModule'],
    schedule: [
      'TenantCron',
      'TenantInterval',
      'TenantRunner',
      'TenantScheduleModule',
      'forEachTenant',
      'progressBar',
      'scheduleTableSql',
    ],
    signedHeader: ['signTenantHeader'],
    storage: ['TenantStorage', 'TenantStorageModule', 'diskStore', 'fileHandler', 's3Store'],
    throttler: ['TenantThrottlerGuard', 'acrossTenants', 'byTenant', 'tenantLimit'],
    websockets: ['broadcast', 'tenantSockets'],
  });
});

it('the way out is not reachable from the main entry', () => {
  expect(core).not.toHaveProperty('TenantAdmin');
});
