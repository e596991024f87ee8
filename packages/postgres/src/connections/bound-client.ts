import type { AsyncResource } from 'node:async_hooks';
import { Client, type ClientConfig, type QueryConfig, type QueryResult } from 'pg';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { AS_TEXT } from '../protocol/as-text.js';
import { type Binding, RESERVED_PREFIX } from '../protocol/binding.js';
import { BoundProtocol } from '../protocol/bound-protocol.js';
import type { Connection } from '../protocol/connection.js';
import { needsNoTenant } from '../statement/needs-no-tenant.js';
import { refuseInReading } from '../statement/refuse-in-reading.js';
import { refuseStatement } from '../statement/refuse-statement.js';
import { nameOf, refuseQuery, type Submitted, textOfQuery } from './refuse-query.js';
import { namesIn, SET_UP, type SetUpRow, settingsOf } from './set-up.js';

/** The holder of the connection: a tenant, or somebody without one. */
export type Holder =
  | { readonly binding: Binding; readonly truncates: boolean }
  | { readonly binding: Binding; readonly refusal: unknown };

/**
 * A connection that sends nothing on its own account: between two holders every query is refused, and a holder's
 * queries are all bound to it.
 */
export class BoundClient extends Client {
  readonly #connection: Connection;
  readonly #protocol: BoundProtocol;
  /** `'setup'` until it is first handed out: what `onConnect` and `connect` listeners send belongs to no tenant. */
  #holder: Holder | 'setup' | null = 'setup';
  #settingUp = false;
  /** The dotted names in what was sent before the connection was first handed out; `undefined` when nothing was. */
  #setUpNames: string[] | undefined;
  #isHandedOut = false;
  #isAsHolder = false;

  constructor(config?: string | ClientConfig) {
    super(config);
    this.#connection = (this as unknown as { readonly connection: Connection }).connection;
    this.#protocol = new BoundProtocol(this.#connection);
  }

  /** From here on every query is the holder's, and replies are handed on in `scope`. */
  hold(holder: Holder | 'setup', scope?: AsyncResource): void {
    this.#holder = holder;
    this.#protocol.hold(holder === 'setup' ? undefined : holder.binding, scope);
  }

  /** C8: runs what sends the holder's own queries. While it is held, whoever else has the connection, as a listener has, sends nothing. */
  asHolder<R>(send: () => R): R {
    this.#isAsHolder = true;
    try {
      return send();
    } finally {
      this.#isAsHolder = false;
    }
  }

  /**
   * The end of a holder's time.
   *
   * @returns true when the connection may be handed out again. C7: not when something is still on its way, or a transaction
   * is open.
   */
  letGo(): boolean {
    this.#holder = null;
    const left = this.#protocol.letGo();
    // What still waits in pg's own queue would be sent for the next holder. (The name changed within pg 8.)
    const pg = this as unknown as { readonly [queue in '_queryQueue' | 'queryQueue']: readonly unknown[] | undefined };
    const queue = pg._queryQueue ?? pg.queryQueue;
    return left && queue?.length === 0;
  }

  /**
   * Calls back when nothing that a `connect` listener sent is on its way any more: it must not be sent for a tenant. What
   * was set is read back, once, to be set again after every reset.
   */
  whenSetUp(done: (error?: Error) => void): void {
    if (this.#settingUp) {
      const settle = (error?: Error) => {
        this.off('drain', settle).off('error', settle).off('end', settle);
        // Still so when the connection has ended: then the query is told.
        if (error || this.#settingUp) done(error);
        else this.whenSetUp(done);
      };
      this.on('drain', settle).on('error', settle).on('end', settle);
      return;
    }
    const isFirst = !this.#isHandedOut;
    this.#isHandedOut = true;
    const names = isFirst ? this.#setUpNames : undefined;
    if (names) this.#readSetUp(names, done);
    else done();
  }

  #readSetUp(names: readonly string[], done: (error?: Error) => void): void {
    const distinct = new Set(names.map((name) => name.replace(/\s/g, '').toLowerCase()));
    super.query(
      { text: SET_UP, values: [[...distinct]], types: AS_TEXT } as QueryConfig,
      (error: Error | null, result: QueryResult<SetUpRow>) => {
        if (error) return done(error);
        try {
          this.#protocol.restores(settingsOf(result.rows));
        } catch (left) {
          return done(left as Error);
        }
        done();
      },
    );
  }

  /**
   * A connection that dies while nobody listens ends no process: its query fails, or the next one does. pg would throw, and a
   * connection between its checkout and its first query has no listener even in `pool.query`.
   */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'error' || this.listenerCount('error') > 0) return super.emit(event as 'error', ...(args as [Error]));
    // Whoever waits for it to open learns why it does not.
    this.#connection.stream.destroy(args[0] as Error);
    return false;
  }

  // biome-ignore lint/suspicious/noExplicitAny: `query` has eight overloads, and all are passed on as they are.
  override query(query: any, values?: any, callback?: any): any {
    if (!this.#isHandedOut) this.#setUpNames = [...(this.#setUpNames ?? []), ...namesIn(query, values)];
    if (this.#holder === 'setup' && !this.#settingUp) {
      this.#settingUp = true;
      this.once('drain', () => {
        this.#settingUp = false;
      });
    }
    const refusal = this.#refusalOf(query);
    if (refusal === undefined) return super.query(query, values, callback);
    return this.refuse(refusal, query, values, callback);
  }

  /** As pg refuses a query itself: to whoever waits for it, and not before the call has returned. */
  refuse(refusal: unknown, query: unknown, values: unknown, callback: unknown): unknown {
    return refuseQuery(refusal, query, values, callback, this.#connection);
  }

  #refusalOf(query: string | Submitted | null | undefined): unknown {
    const holder = this.#holder;
    if (holder === 'setup') return undefined;
    if (holder === null) {
      return new TenantFloorError(
        'connection_released',
        'a query was sent on a connection that is back in the pool. Release it after its last query, and do not keep it.',
      );
    }
    if (!this.#isAsHolder) {
      return new TenantFloorError(
        'connection_released',
        'a query was sent on a connection that somebody else has checked out. Keep none from a listener of the pool: check one out.',
      );
    }
    const text = textOfQuery(query, this.#connection.parsedStatements);
    if ('refusal' in holder) return needsNoTenant(text) ? undefined : holder.refusal;
    if (nameOf(query)?.startsWith(RESERVED_PREFIX)) {
      return new TenantFloorError(
        'statement_refused',
        `the pool's own statements have names that begin with "${RESERVED_PREFIX}". Give this one another name.`,
      );
    }
    const refusal = refuseStatement(text, holder.binding.settings, holder.truncates);
    return refusal ?? (holder.binding.access === 'write' ? undefined : refuseInReading(text));
  }
}
