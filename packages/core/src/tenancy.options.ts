import type { TenantAuditEvent } from './admin/audit-event.js';
import { TenancyConfigurationError } from './errors/configuration-error.js';
import { refuseUnknown } from './errors/refuse-unknown.js';
import { LONGEST_TIMER } from './longest-timer.js';
import { checkLimits, type RegistryCacheOptions } from './registry/cached-tenant-registry.js';
import type { TenantRegistry } from './registry/tenant-registry.js';
import { SOURCE_TIMEOUT } from './resolution/tenant-resolver.js';
import type { TenantSource } from './resolution/tenant-source.js';

/** Options of `TenancyModule.forRoot`. */
export interface TenancyOptions {
  /** The application's list of tenants. */
  readonly registry: TenantRegistry;
  /** The ways to tell a request's tenant, strongest first. All that answer must agree. */
  readonly sources: readonly TenantSource[];
  /**
   * How long, and how many, registry answers are cached; `false` asks it for every request.
   * @defaultValue `{ ttl: 30_000, max: 10_000 }`
   */
  readonly cache?: RegistryCacheOptions | false | undefined;
  /**
   * Milliseconds after which a registry that has not answered counts as failing (503).
   * @defaultValue `5_000`
   */
  readonly registryTimeout?: number | undefined;
  /**
   * Milliseconds after which a source that has not answered counts as failing (`tenant_source_failed`).
   * @defaultValue `5_000`
   */
  readonly sourceTimeout?: number | undefined;
  /**
   * Records what `TenantAdmin` and `TenantQueueAdmin` do, before it is done. What cannot be recorded, because this throws or rejects, is
   * not done.
   * @defaultValue a line in Nest's log
   */
  readonly audit?: ((event: TenantAuditEvent) => void | Promise<void>) | undefined;
}

/** The options after validation: nothing is optional any more. */
export interface ResolvedTenancyOptions {
  readonly registry: TenantRegistry;
  readonly sources: readonly TenantSource[];
  readonly cache: Required<RegistryCacheOptions> | false;
  readonly registryTimeout: number;
  readonly sourceTimeout: number;
  readonly audit: ((event: TenantAuditEvent) => void | Promise<void>) | null;
}

/** @throws `tenancy_misconfigured`, naming the first option that is wrong and the fix. */
export function resolveTenancyOptions(options: TenancyOptions): ResolvedTenancyOptions {
  const wrong = (option: string, problem: string, fix: string) =>
    new TenancyConfigurationError(`TenancyModule.${option}`, problem, fix);

  refuseUnknown('TenancyModule', options, [
    'registry',
    'sources',
    'cache',
    'registryTimeout',
    'sourceTimeout',
    'audit',
  ]);
  const { registry, sources, cache = {}, registryTimeout = 5_000, sourceTimeout = SOURCE_TIMEOUT } = options ?? {};
  const { audit = null } = options ?? {};
  for (const method of ['findById', 'findBySlug'] as const) {
    if (typeof registry?.[method] !== 'function') {
      throw wrong(
        'registry',
        `has no ${method}()`,
        'Pass a TenantRegistry, such as `new InMemoryTenantRegistry([…])`.',
      );
    }
  }
  if (!Array.isArray(sources) || sources.length === 0) {
    throw wrong(
      'sources',
      'is empty',
      "Pass at least one, such as `fromSubdomain({ baseDomain: 'app.example.com' })`.",
    );
  }
  for (const source of sources as readonly TenantSource[]) {
    if (typeof source === 'function') {
      const { name } = source as { readonly name: string };
      throw wrong(
        'sources',
        `holds the function ${name || 'of a source'} itself`,
        `Call it: \`${name || 'source'}(…)\`.`,
      );
    }
    if (typeof source?.name !== 'string' || typeof source.identify !== 'function') {
      throw wrong('sources', 'holds something that is not a source', 'A source is `{ name, identify(request) }`.');
    }
    if (source.name === '') {
      throw wrong('sources', 'holds a source without a name', 'Name it: messages and the log call it by that.');
    }
    if (source.after !== undefined && source.after !== 'middleware' && source.after !== 'guards') {
      throw wrong(
        'sources',
        `"${source.name}" is asked after something unknown`,
        "Set `after: 'middleware'` or 'guards'.",
      );
    }
    for (const method of source.requires ?? []) {
      if (typeof registry[method] !== 'function') {
        throw wrong('registry', `has no ${method}(), which "${source.name}" needs`, `Implement ${method}().`);
      }
    }
  }
  if (cache !== false) {
    if (typeof cache !== 'object' || cache === null) {
      throw wrong('cache', 'is neither limits nor `false`', 'Pass for example `{ ttl: 30_000 }`.');
    }
    checkLimits('TenancyModule.cache', cache);
  }
  for (const [option, ms] of Object.entries({ registryTimeout, sourceTimeout })) {
    if (!Number.isSafeInteger(ms) || ms < 1 || ms > LONGEST_TIMER) {
      throw wrong(option, `is not a whole number from 1 to ${LONGEST_TIMER}`, 'Pass milliseconds.');
    }
  }
  if (audit !== null && typeof audit !== 'function') {
    throw wrong('audit', 'is not a function', 'Pass `(event) => …`, or leave it out.');
  }
  return {
    registry,
    sources: [...sources],
    cache: cache && { ttl: cache.ttl ?? 30_000, max: cache.max ?? 10_000 },
    registryTimeout,
    sourceTimeout,
    audit,
  };
}
