/** A pool of PostgreSQL as `pg` has it: every client with this method will do, of a role that no policy limits. */
export interface TablePool {
  /** Runs one statement, `$1` and on being its values. */
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** A client of Redis or Valkey as `ioredis` has it. */
export interface RedisClient {
  /** Runs a script of Lua with so many keys, which come first among the arguments. */
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
}

/**
 * The place where processes agree on who runs a tick: a table of PostgreSQL (see `scheduleTableSql`), or keys of Redis. The client is given
 * itself, or by its injection token.
 */
export type ClockLock =
  | {
      readonly table: TablePool | string | symbol | (abstract new (...args: never[]) => TablePool);
      /** @defaultValue `'tenancy_schedule'` */
      readonly tableName?: string | undefined;
    }
  | {
      readonly redis: RedisClient | string | symbol | (abstract new (...args: never[]) => RedisClient);
      /** @defaultValue `'tenancy:schedule:'` */
      readonly prefix?: string | undefined;
    };

/** The right to run one tick of one job. */
export interface Lease {
  readonly job: string;
  /** The time that the tick was planned for, in milliseconds since 1970. */
  readonly tick: number;
  /** Of this right alone: who takes the tick over has another. */
  readonly holder: string;
}

/** An answer to who asked for a tick: it is theirs; somebody has it, or an older one, in hand; it was run before. */
export type Claim = { readonly state: 'mine'; readonly lease: Lease } | { readonly state: 'held' | 'done' };

/**
 * Agreement on each job: its last tick, who runs it until when, and the tenants that are done with. Times are those of the
 * database, so that clocks of processes may differ.
 */
export interface Lock {
  /**
   * Begins `tick`, or takes it over from one whose lease has ended. `null` is a tick of now.
   * @param gap - milliseconds that it must be later than the last one
   * @throws where it is more than an hour ahead of the place's own clock: all ticks until then would count as older.
   */
  claim(job: string, tick: number | null, gap: number, lease: number): Promise<Claim>;
  /** Takes over what is not done, and whose lease has ended. */
  takeOver(job: string, lease: number): Promise<Claim>;
  /** False when it is no longer ours. */
  renew(lease: Lease, duration: number): Promise<boolean>;
  /**
   * Begins a tenant, unless it is done with, or in hand, or the lease is no longer ours.
   * @param isAgain - true where the answer to the first time was lost, so that it may be in hand already
   */
  begin(lease: Lease, tenantId: string, isAgain: boolean): Promise<'begun' | 'done' | 'lost'>;
  finish(lease: Lease, tenantId: string): Promise<void>;
  /** Marks the tick as run, and forgets its tenants. */
  end(lease: Lease): Promise<void>;
  /** Lets others go on at once. */
  release(lease: Lease): Promise<void>;
  /** Forgets jobs that nobody has run for 30 days. */
  sweep(): Promise<void>;
}
