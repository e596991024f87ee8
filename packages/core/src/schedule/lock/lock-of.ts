import { TenancyConfigurationError } from '../../errors/configuration-error.js';
import { refuseUnknown } from '../../errors/refuse-unknown.js';
import { isTenantPool } from '../../tenant-pool.js';
import type { ClockLock, Lock, RedisClient, TablePool } from './clock-lock.js';
import { RedisLock } from './redis-lock.js';
import { TableLock } from './table-lock.js';

/** Looks up an injection token. */
export type Injected = (token: string | symbol | (abstract new (...args: never[]) => unknown)) => unknown;

/**
 * The lock that `option` describes.
 *
 * @param place - what was given it, as an error names it
 * @throws `tenancy_misconfigured` for a client that is none, or a pool that is bound to tenants.
 */
export function lockOf(place: string, option: ClockLock, injected: Injected): Lock {
  if ('table' in option) {
    refuseUnknown(place, option, ['table', 'tableName']);
    const pool = clientOf(option.table, injected) as TablePool;
    if (isTenantPool(pool)) throw wrong(`${place}.table`, 'is a tenant pool', 'Pass a pool of a role for operating.');
    if (typeof pool?.query !== 'function') {
      throw wrong(`${place}.table`, 'is no pool of pg', 'Pass a `Pool`, or the injection token of one.');
    }
    return new TableLock(pool, option.tableName);
  }
  if ('redis' in option) {
    refuseUnknown(place, option, ['redis', 'prefix']);
    const redis = clientOf(option.redis, injected) as RedisClient & { sendCommand?: unknown; defineCommand?: unknown };
    const isNodeRedis = typeof redis?.sendCommand === 'function' && typeof redis.defineCommand !== 'function';
    if (typeof redis?.eval !== 'function' || isNodeRedis) {
      throw wrong(
        `${place}.redis`,
        'is no client of ioredis',
        'Pass a `Redis` of ioredis, or the injection token of one.',
      );
    }
    return new RedisLock(redis, option.prefix);
  }
  throw wrong(place, 'names no place', 'Pass `{ table: pool }` or `{ redis: client }`.');
}

const clientOf = (given: unknown, injected: Injected): unknown =>
  typeof given === 'string' || typeof given === 'symbol' || typeof given === 'function'
    ? injected(given as Parameters<Injected>[0])
    : given;

const wrong = (option: string, problem: string, fix: string) => new TenancyConfigurationError(option, problem, fix);
