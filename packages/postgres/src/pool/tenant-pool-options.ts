import type { TenantReader } from '@tenancy/core/adapter';
import type { PoolConfig } from 'pg';
import type { Isolation } from '../connections/isolation.js';
import type { StartChecks } from '../connections/start-check.js';
import { misconfigured } from '../errors/misconfigured.js';
import { refuseUnknown } from '../errors/refuse-unknown.js';
import { requireOptions } from '../errors/require-arguments.js';
import { requireConnection } from '../errors/require-connection.js';
import { type ReadOptions, requireReplicas, resolveReadOptions } from '../replicas/read-options.js';
import { KNOWN_CHECKS } from './known-checks.js';
import { refuseSlipOfPg, requireNumbers } from './pg-options.js';

/** pg's own options, and where the tenant comes from and how tenants are kept apart. */
export interface TenantPoolOptions extends Omit<PoolConfig, 'Client'> {
  /** The current tenant's source: a `TenantContext`. */
  readonly context: TenantReader;
  /** How tenants are kept apart: `rowLevelSecurity()`, `schemaPerTenant()` or `databasePerTenant()`. */
  readonly isolation: Isolation;
  /**
   * Start-up checks by their names, and what becomes of one that fails: `'warn'` logs it, `'off'` leaves it out.
   * @defaultValue `{}`: every check that fails stops the pool.
   */
  readonly checks?: StartChecks;
  /**
   * The replicas of the pool's own server: each a standby of it, as the application connects to it, which `reading` is answered by. The database is the
   * pool's, whatever an address names. Strategies that lead to other servers have an option of their own for theirs.
   * @defaultValue `[]`
   */
  readonly replicas?: readonly (string | PoolConfig)[];
  /**
   * How `reading` uses replicas.
   * @defaultValue `{}`
   */
  readonly reads?: ReadOptions;
}

export function validated(options: TenantPoolOptions): TenantPoolOptions {
  requireOptions('createTenantPool', options, 'context');
  const { context, isolation, Client, pipeline } = options as TenantPoolOptions & {
    readonly Client?: unknown;
    readonly pipeline?: unknown;
  };
  if (typeof context?.current !== 'function' || typeof context.isActive !== 'function') {
    throw misconfigured('createTenantPool: the option `context` is missing. Pass a TenantContext.');
  }
  if (typeof isolation?.place !== 'function') {
    throw misconfigured(
      'createTenantPool: the option `isolation` is missing. Pass `rowLevelSecurity()`, or another strategy.',
    );
  }
  if (Client !== undefined) {
    throw misconfigured(
      'createTenantPool: the option `Client` is taken: the pool makes connections of its own kind. Leave it out.',
    );
  }
  if (pipeline) {
    throw misconfigured(
      'createTenantPool: the option `pipeline` is not supported: each reply must begin with its own binding.',
    );
  }
  refuseSlipOfPg('createTenantPool', options, ['context', 'isolation', 'checks', 'replicas', 'reads']);
  requireNumbers('createTenantPool', options);
  // There `connection` says where each database is.
  if (isolation.strategy !== 'database-per-tenant') requireConnection('createTenantPool', options);
  if (options.replicas !== undefined) requireReplicas('createTenantPool', 'replicas', options.replicas);
  resolveReadOptions(options.reads);
  if (options.checks != null) requireOptions('createTenantPool: checks', options.checks);
  refuseUnknown('createTenantPool: checks', options.checks, KNOWN_CHECKS);
  for (const [name, answer] of Object.entries(options.checks ?? {})) {
    if (answer === undefined || answer === 'warn' || answer === 'off') continue;
    const said = JSON.stringify(answer);
    throw misconfigured(
      `createTenantPool: the option \`checks\` has ${said} for \`${name}\`. Use 'warn' or 'off', or leave it out.`,
    );
  }
  return options;
}
