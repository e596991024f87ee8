import type { ReplicatedPlace } from '../connections/isolation.js';
import { databaseOf } from '../databases/database-config.js';
import type { TenantPoolOptions } from './tenant-pool-options.js';

/** The replicas of the server that the pool itself leads to; undefined where it has none. */
export function replicasOfPool(options: TenantPoolOptions): ReplicatedPlace | undefined {
  const { replicas = [], isolation } = options;
  if (replicas.length === 0) return undefined;
  const database = databaseOf(options);
  return {
    server: '',
    home: database,
    // Without a host it is about the server and the role of the pool.
    primary: { database },
    replicas,
    database: () => database,
    verify: isolation.verify && ((connection) => isolation.verify?.(connection) ?? Promise.resolve([])),
  };
}
