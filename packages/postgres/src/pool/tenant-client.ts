import type { AsyncResource } from 'node:async_hooks';
import { Client, type ClientConfig } from 'pg';
import { TenantFloorError } from '../errors/tenant-floor-error.js';
import { needsNoTenant } from './ask.js';
import type { Binding } from './binding.js';
import { BoundProtocol } from './bound-protocol.js';
import type { Connection } from './connection.js';
import { refuseStatement } from './refuse-statement.js';

/** Who holds the connection: a tenant, or somebody without one. */
export type Holder =
  | { readonly binding: Binding; readonly truncates: boolean }
  | { readonly binding: null; readonly refusal: unknown };

/** A query as pg takes it: its text, or an object that has one, or one that sends itself. */
type Submitted = {
  readonly text?: unknown;
  readonly name?: unknown;
  readonly cursor?: { readonly text?: unknown };
  readonly submit?: unknown;
  readonly handleError?: (error: unknown, connection: unknown) => void;
};

/**
 * A connection that sends nothing on its own account: between two holders every query is refused, and a holder's
 * queries are all bound to it.
 */
export class TenantClient extends Client {
  readonly #connection: Connection;
  readonly #protocol: BoundProtocol;
  /** `'setup'` until it is first handed out: what `onConnect` and `connect` listeners send belongs to no tenant. */
  #holder: Holder | 'setup' | null = 'setup';

  constructor(config?: string | ClientConfig) {
    super(config);
    this.#connection = (this as unknown as { readonly connection: Connection }).connection;
    this.#protocol = new BoundProtocol(this.#connection);
  }

  /** From here on every query is the holder's, and replies are handed on in `scope`. */
  hold(holder: Holder | 'setup', scope?: AsyncResource): void {
    this.#holder = holder;
    this.#protocol.binding = holder === 'setup' ? undefined : (holder.binding ?? undefined);
    this.#protocol.scope = scope;
  }

  /**
   * The end of a holder's time.
   *
   * @returns whether the connection may be handed out again. C7: not when something is still on its way, a transaction is
   * open, or something may have stayed on the session.
   */
  letGo(): boolean {
    this.#holder = null;
    this.#protocol.scope = undefined;
    return this.#protocol.isClean;
  }

  // biome-ignore lint/suspicious/noExplicitAny: `query` has eight overloads, and all are passed on as they are.
  override query(query: any, values?: any, callback?: any): any {
    const refusal = this.#refusalOf(query);
    if (refusal === undefined) return super.query(query, values, callback);
    return this.refuse(refusal, query, values, callback);
  }

  /** As pg refuses a query itself: to whoever waits for it, and not before the call has returned. */
  refuse(refusal: unknown, query: unknown, values: unknown, callback: unknown): unknown {
    const submitted = query as (Submitted & { readonly callback?: unknown }) | null | undefined;
    const settle = [callback, values, submitted?.callback].find(
      (each): each is (error: unknown) => void => typeof each === 'function',
    );
    if (typeof submitted?.submit === 'function') {
      process.nextTick(() => (settle ? settle(refusal) : submitted.handleError?.(refusal, this.#connection)));
      return query;
    }
    if (!settle) return Promise.reject(refusal);
    process.nextTick(settle, refusal);
    return undefined;
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
    const text = this.#textOf(query);
    if (!holder.binding) return needsNoTenant(text) ? undefined : holder.refusal;
    return refuseStatement(text, holder.binding, holder.truncates);
  }

  #textOf(query: string | Submitted | null | undefined): string | undefined {
    if (typeof query === 'string') return query;
    const text = query?.text ?? query?.cursor?.text;
    if (typeof text === 'string') return text;
    const known = typeof query?.name === 'string' ? this.#connection.parsedStatements[query.name] : undefined;
    return typeof known === 'string' ? known : undefined;
  }
}
