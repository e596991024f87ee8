import type { BullRootModuleOptions, SharedBullAsyncConfiguration } from '@nestjs/bullmq';
import { TenancyConfigurationError } from '../errors/configuration-error.js';
import { requireOptions } from '../errors/require-options.js';
import type { TenantRegistry } from '../registry/tenant-registry.js';
import { type StampSecretOption, stampSecretsOf } from '../stamp/stamp-secrets.js';
import type { BullClasses } from './classes.js';
import { fairnessOf } from './fairness/fairness.js';
import type { FairnessOption } from './fairness/weights.js';
import type { Wiring } from './wiring.js';

/** Options of `TenantBullModule` beside those of `BullModule`. */
export interface TenantQueueOptions extends BullClasses {
  /**
   * Signs the stamp of each job, so that whoever can write to Redis or the jobs' table can make none for a tenant. Of at least 32
   * bytes; several while one takes the place of another.
   * @defaultValue stamps are not signed
   */
  readonly secret?: StampSecretOption | undefined;
  /**
   * Takes over the priorities of jobs, so that the tenants of a queue take turns.
   * @defaultValue first in, first out, and the priorities of the application
   */
  readonly fairness?: FairnessOption | false | undefined;
  /**
   * Names of queues whose jobs are nobody's: they are made and run without a tenant.
   * @defaultValue none
   */
  readonly shared?: readonly string[] | undefined;
}

/** Options of `TenantBullModule.forRoot`: those of `BullModule.forRoot`, and its own. */
export type TenantBullOptions = BullRootModuleOptions & TenantQueueOptions;

/** Options of `TenantBullModule.forRootAsync`: those of `BullModule.forRootAsync`, whose factory may return those of its own too. */
export type TenantBullAsyncOptions = SharedBullAsyncConfiguration & BullClasses;

/** The wiring of an application. @throws `tenancy_misconfigured` */
export function wiringFor(options: TenantQueueOptions, registry: TenantRegistry | undefined): Wiring {
  requireOptions('TenantBullModule', options);
  if (!registry) {
    throw new TenancyConfigurationError(
      'TenantBullModule',
      'finds no tenants: the application has no TenancyModule',
      'Import `TenancyModule.forRoot({ registry, sources })` in the root module.',
    );
  }
  const { shared = [] } = options;
  if (!Array.isArray(shared) || shared.some((name) => typeof name !== 'string' || name === '')) {
    throw new TenancyConfigurationError(
      'TenantBullModule.shared',
      'is no list of names',
      "Name queues: `['sitemaps']`.",
    );
  }
  return {
    registry,
    secrets: stampSecretsOf('TenantBullModule', options),
    shared: new Set(shared as readonly string[]),
    fairness: fairnessOf(options.fairness),
  };
}

/** The options that are BullMQ's own. */
export function bullOptions(options: TenantBullOptions): BullRootModuleOptions {
  const {
    secret: _s,
    fairness: _f,
    shared: _n,
    queueClass: _q,
    workerClass: _w,
    flowProducerClass: _p,
    ...own
  } = options;
  return own as BullRootModuleOptions;
}
