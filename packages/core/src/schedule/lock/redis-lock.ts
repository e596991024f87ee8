import { randomUUID } from 'node:crypto';
import { AHEAD, refuseAhead } from './ahead.js';
import type { Claim, Lease, Lock, RedisClient } from './clock-lock.js';

const KEPT = 30 * 24 * 3_600_000;

/** The first key is the tick: a hash. The second is its tenants: of each who has begun it, or `done`. */
const START = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'tick', 'holder', 'until', 'done')
local ended = known[1] and tonumber(known[3]) <= now
local done = known[4] == '1'
`;

const CLAIM = `${START}
local tick = ARGV[1] == '' and now or tonumber(ARGV[1])
if tick > now + ${AHEAD} then return { 'ahead', string.format('%.0f', now) } end
if known[1] then
  local last = tonumber(known[1])
  local later = last + tonumber(ARGV[2]) <= tick and (done or ended)
  if not later and not (last == tick and ended and not done) then return { done and 'done' or 'held', known[1] } end
  if last ~= tick then redis.call('DEL', KEYS[2]) end
else
  redis.call('DEL', KEYS[2])
end
redis.call('HSET', KEYS[1], 'tick', string.format('%.0f', tick), 'holder', ARGV[3], 'until', now + tonumber(ARGV[4]), 'done', '0')
redis.call('PEXPIRE', KEYS[1], ${KEPT})
return { 'mine', string.format('%.0f', tick) }`;

const TAKE_OVER = `${START}
if not known[1] or done then return { 'done', '0' } end
if not ended then return { 'held', known[1] } end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', now + tonumber(ARGV[2]))
return { 'mine', known[1] }`;

const OURS = `${START}
if known[1] ~= ARGV[1] or known[2] ~= ARGV[2] or done then return 'lost' end
`;

const RENEW = `${OURS}
redis.call('HSET', KEYS[1], 'until', now + tonumber(ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ${KEPT})
return 'ours'`;

const BEGIN = `${OURS}
if ended then return 'lost' end
local state = redis.call('HGET', KEYS[2], ARGV[3])
if state == 'done' or (state == ARGV[2] and ARGV[4] ~= '1') then return 'done' end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ${KEPT})
return 'begun'`;

const FINISH = `${OURS}
redis.call('HSET', KEYS[2], ARGV[3], 'done')
return 'ours'`;

const END = `${OURS}
redis.call('HSET', KEYS[1], 'done', '1')
redis.call('DEL', KEYS[2])
return 'ours'`;

const RELEASE = `${OURS}
redis.call('HSET', KEYS[1], 'until', now)
return 'ours'`;

/** B6: a key that is kept beyond the tick. Each step is one script, and so whole. */
export class RedisLock implements Lock {
  readonly #redis: RedisClient;
  readonly #prefix: string;

  constructor(redis: RedisClient, prefix = 'tenancy:schedule:') {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  async claim(job: string, tick: number | null, gap: number, lease: number): Promise<Claim> {
    const holder = randomUUID();
    const answer = await this.#eval(CLAIM, job, tick ?? '', Math.round(gap), holder, lease);
    const [state, now] = answer as [string, string];
    if (state === 'ahead') refuseAhead(tick, Number(now));
    return claimed(job, holder, answer);
  }

  async takeOver(job: string, lease: number): Promise<Claim> {
    const holder = randomUUID();
    return claimed(job, holder, await this.#eval(TAKE_OVER, job, holder, lease));
  }

  async renew({ job, tick, holder }: Lease, duration: number): Promise<boolean> {
    return (await this.#eval(RENEW, job, tick, holder, duration)) === 'ours';
  }

  async begin({ job, tick, holder }: Lease, tenantId: string, isAgain: boolean): Promise<'begun' | 'done' | 'lost'> {
    return (await this.#eval(BEGIN, job, tick, holder, tenantId, isAgain ? 1 : 0)) as 'begun' | 'done' | 'lost';
  }

  async finish({ job, tick, holder }: Lease, tenantId: string): Promise<void> {
    await this.#eval(FINISH, job, tick, holder, tenantId);
  }

  async end({ job, tick, holder }: Lease): Promise<void> {
    await this.#eval(END, job, tick, holder);
  }

  async release({ job, tick, holder }: Lease): Promise<void> {
    await this.#eval(RELEASE, job, tick, holder);
  }

  /** Keys end by themselves. */
  async sweep(): Promise<void> {}

  #eval(script: string, job: string, ...args: (string | number)[]): Promise<unknown> {
    // In braces, so that a cluster keeps both on one node. Encoded, so that no brace of the name ends them.
    const key = `${this.#prefix}{${encodeURIComponent(job)}}`;
    return this.#redis.eval(script, 2, key, `${key}:tenants`, ...args);
  }
}

function claimed(job: string, holder: string, answer: unknown): Claim {
  const [state, tick] = answer as [Claim['state'], string];
  return state === 'mine' ? { state, lease: { job, tick: Number(tick), holder } } : { state };
}
