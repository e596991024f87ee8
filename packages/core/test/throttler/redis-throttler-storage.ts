import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Redis } from 'ioredis';

const COUNT = `
local hits = redis.call('INCR', KEYS[1])
if hits == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return { hits, redis.call('PTTL', KEYS[1]) }`;

/** A store of counts that several processes share, written as Nest's documentation describes them. */
export class RedisThrottlerStorage implements ThrottlerStorage {
  constructor(
    private readonly redis: Redis,
    private readonly prefix: string,
  ) {}

  async increment(key: string, ttl: number, limit: number, _blockDuration: number, name: string) {
    const at = `${this.prefix}:{${key}:${name}}`;
    const [totalHits, left] = (await this.redis.eval(COUNT, 1, at, ttl)) as [number, number];
    const timeToExpire = Math.ceil(left / 1_000);
    return { totalHits, timeToExpire, isBlocked: totalHits > limit, timeToBlockExpire: timeToExpire };
  }
}
