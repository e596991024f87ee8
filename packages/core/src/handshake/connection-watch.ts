import { Logger } from '@nestjs/common';
import { outsideAnyTenant } from '../context/enter.js';
import { TenantRequiredError } from '../errors/refusals.js';
import { isTenancyError, type TenancyError } from '../errors/tenancy-error.js';
import { LONGEST_TIMER } from '../longest-timer.js';
import { activeTenant } from '../registry/active-tenant.js';
import type { TenantRegistry } from '../registry/tenant-registry.js';
import type { Tenant } from '../tenant.js';

/** A connection that lives longer than a request, and so maybe than what let it in. */
export interface WatchedConnection {
  readonly tenantId: string;
  /** The time, in milliseconds since 1970, at which its token ends; null where it does not. */
  readonly expires: number | null;
  /** Called with the tenant as it is now, each time it was looked up. */
  renew?(tenant: Tenant): void;
  /** Called once, outside every tenant, when it may not go on: with `tenant_inactive`, or `tenant_required`. */
  close(refusal: TenancyError): void;
}

const logger = new Logger('Tenancy');

/**
 * S4: looks the tenants of connections up again while those live, each tenant once however many it has, and closes what may not go on:
 * the tenant was suspended or deleted, or the token has ended. A registry that does not answer closes nothing.
 */
export class ConnectionWatch {
  readonly #registry: TenantRegistry;
  readonly #every: number;
  readonly #connections = new Map<string, Set<WatchedConnection>>();
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;

  /** @param every - milliseconds between two look-ups */
  constructor(registry: TenantRegistry, every: number) {
    this.#registry = registry;
    this.#every = every;
  }

  /** Watches `connection` until the function that it returns is called, or it was closed from here. */
  add(connection: WatchedConnection): () => void {
    return outsideAnyTenant(() => {
      const { tenantId } = connection;
      const own = this.#connections.get(tenantId) ?? new Set();
      this.#connections.set(tenantId, own.add(connection));
      this.#timer ??= setInterval(() => void this.look(), this.#every).unref();
      const end = this.#endsWithToken(connection);
      return () => {
        clearTimeout(end.timer);
        this.#forget(connection);
      };
    });
  }

  /** Looks all tenants up now, as the clock does: for who knows that something has changed. */
  async look(): Promise<void> {
    // One look-up at a time: a slow registry is asked no faster than it answers.
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await outsideAnyTenant(() => Promise.all([...this.#connections.keys()].map((id) => this.#lookUp(id))));
    } finally {
      this.#isLooking = false;
    }
  }

  /** Ends the watch; connections stay as they are. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#connections.clear();
  }

  async #lookUp(id: string): Promise<void> {
    try {
      const tenant = await activeTenant(this.#registry, id);
      for (const connection of this.#connections.get(id) ?? []) connection.renew?.(tenant);
    } catch (error) {
      if (isTenancyError(error, 'tenant_inactive') || isTenancyError(error, 'tenant_required')) {
        for (const connection of [...(this.#connections.get(id) ?? [])]) this.#close(connection, error);
      } else logger.error(`connections of a tenant could not be checked again: ${error}`);
    }
  }

  #endsWithToken(connection: WatchedConnection): { timer: NodeJS.Timeout | undefined } {
    const { expires } = connection;
    const end: { timer: NodeJS.Timeout | undefined } = { timer: undefined };
    if (expires === null) return end;
    const wait = () => {
      const left = expires - Date.now();
      if (left > 0) end.timer = setTimeout(wait, Math.min(left, LONGEST_TIMER)).unref();
      else
        this.#close(
          connection,
          new TenantRequiredError('the token of this connection has expired. Connect with a new one.'),
        );
    };
    wait();
    return end;
  }

  #close(connection: WatchedConnection, refusal: TenancyError): void {
    if (!this.#forget(connection)) return;
    try {
      connection.close(refusal);
    } catch (error) {
      logger.error(`a connection could not be closed: ${error}`);
    }
  }

  #forget(connection: WatchedConnection): boolean {
    const { tenantId } = connection;
    const own = this.#connections.get(tenantId);
    const had = own?.delete(connection) ?? false;
    if (own?.size === 0) this.#connections.delete(tenantId);
    if (this.#connections.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    return had;
  }
}
