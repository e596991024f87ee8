import type { TenantContext } from '@tenancy/core';
import { Pool, type PoolClient, type PoolConfig } from 'pg';

type Release = (error?: Error | boolean) => void;
type ConnectCallback = (error: Error | undefined, client: PoolClient | undefined, release: Release) => void;

/**
 * The pool of many applications: whoever gets a connection sets the tenant for the session first, in a round trip of its
 * own. Nothing is reset when the connection goes back: the setting stays until the next checkout replaces it.
 */
export class SessionPool extends Pool {
  readonly #context: TenantContext;

  constructor(options: PoolConfig, context: TenantContext) {
    super(options);
    this.#context = context;
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<PoolClient> | undefined {
    if (!callback) {
      return new Promise((resolve, reject) =>
        this.connect((error, client) => (client ? resolve(client) : reject(error))),
      );
    }
    // Read now: pg calls back in the context of whoever gave the connection back.
    const { tenantId } = this.#context;
    super.connect((error, client, release) => {
      if (!client) return callback(error, client, release);
      client.query("select set_config('app.tenant_id', $1, false)", [tenantId], (failed: Error | null) => {
        if (!failed) return callback(undefined, client, release);
        release(failed);
        callback(failed, undefined, () => {});
      });
    });
    return undefined;
  }
}
