import {
  AdapterError,
  type AuditEvent,
  type AuditSink,
  AuditTrail,
  captureTenant,
  isBranded,
  isTenantPool,
  requireFunction,
  requireReason,
  type TenantPoolLike,
  type TenantReader,
} from '@tenancy/core/adapter';
import { type DatabaseConnection, Kysely, PostgresDialect, PostgresDriver, type PostgresPool } from 'kysely';

// Two copies of a package may meet in one process, so an error is known by its brand.
const BRAND = Symbol.for('@acme/tenancy-kysely:error');

/** - `kysely_misconfigured`: an option is wrong or missing; thrown where a client is made. */
export type TenantKyselyErrorCode = 'kysely_misconfigured';

/** An error of this adapter: `message` says what happened, why, and the fix. */
export class TenantKyselyError extends AdapterError<TenantKyselyErrorCode> {
  readonly [BRAND] = true;
  override readonly name = 'TenantKyselyError';
}

/** True when `error` is a {@link TenantKyselyError} (of `code`, when given), whichever copy of the package made it. */
export function isTenantKyselyError(error: unknown, code?: TenantKyselyErrorCode): error is TenantKyselyError {
  return isBranded(error, BRAND, code);
}

const misconfigured = (explanation: string) => new TenantKyselyError('kysely_misconfigured', explanation);

export interface TenantKyselyOptions {
  /** Source of the tenant: a `TenantContext`, the same that the pool has. */
  readonly context: TenantReader;
  /** The tenant pool of @tenancy/postgres. */
  readonly pool: TenantPoolLike & PostgresPool;
}

/**
 * A Kysely whose queries reach the rows of the tenant who sends them. The pool binds each query to that tenant, and the database
 * holds the rows apart; without a tenant nothing is sent, `begin` and `select 1` included.
 *
 * @throws `kysely_misconfigured` without a context, or for a pool that is not a tenant pool.
 */
export function tenantKysely<Database>({ context, pool }: TenantKyselyOptions): Kysely<Database> {
  if (typeof context?.current !== 'function') {
    throw misconfigured('tenantKysely: the option `context` is missing. Pass a TenantContext.');
  }
  // What a plain pool sends is bound to nobody.
  if (!isTenantPool(pool)) {
    throw misconfigured('tenantKysely: the option `pool` is not a tenant pool. Pass what `createTenantPool` made.');
  }
  return new Kysely({ dialect: new TenantDialect(context, pool) });
}

class TenantDialect extends PostgresDialect {
  readonly #context: TenantReader;
  readonly #pool: PostgresPool;

  constructor(context: TenantReader, pool: PostgresPool) {
    super({ pool });
    this.#context = context;
    this.#pool = pool;
  }

  override createDriver(): PostgresDriver {
    return new TenantDriver(this.#context, this.#pool);
  }
}

class TenantDriver extends PostgresDriver {
  readonly #context: TenantReader;

  constructor(context: TenantReader, pool: PostgresPool) {
    super({ pool });
    this.#context = context;
  }

  /** Every query, stream and transaction comes by here, in the context of whoever executes it. */
  override async acquireConnection(): Promise<DatabaseConnection> {
    const { tenant, refusal } = captureTenant(this.#context);
    if (!tenant) throw refusal;
    return super.acquireConnection();
  }
}

export interface AdminKyselyOptions {
  /**
   * Keeps events. An error of its own stops the work: what cannot be recorded is not done.
   * @defaultValue a warning in Nest's log
   */
  readonly audit?: AuditSink<AuditEvent>;
}

/** The Kysely that no tenant limits, for work that belongs to none. Every use has a reason, and leaves an audit event. */
export class AdminKysely<Database> {
  readonly #raw: Kysely<Database>;
  readonly #audit: AuditTrail<AuditEvent>;

  /** @throws `kysely_misconfigured` for a tenant pool, which would limit it. */
  constructor(pool: PostgresPool, { audit }: AdminKyselyOptions = {}) {
    if (isTenantPool(pool)) {
      throw misconfigured(
        "AdminKysely: its pool is a tenant pool, which has one tenant's rows. Pass a plain `pg.Pool`.",
      );
    }
    this.#raw = new Kysely({ dialect: new PostgresDialect({ pool }) });
    this.#audit = new AuditTrail('AdminKysely', audit);
  }

  /**
   * Hands `fn` the unscoped client, which reads and writes every tenant's rows.
   *
   * @throws `tenancy_misconfigured` without a reason, or a function.
   * @throws whatever the audit sink throws.
   */
  async acrossTenants<R>(options: { readonly reason: string }, fn: (raw: Kysely<Database>) => R): Promise<Awaited<R>> {
    const reason = requireReason('AdminKysely.acrossTenants', options);
    requireFunction('AdminKysely.acrossTenants', fn);
    await this.#audit.record({ action: 'across_tenants', reason });
    return await fn(this.#raw);
  }
}
