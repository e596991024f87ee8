import type { RedisBackend, RedisClient } from './backend.js';
import type { Tags } from './queue-clock.js';
import { SETTLED_AFTER } from './settled.js';
import { LAST_PRIORITY } from './tags.js';

const COMMAND = 'tenancyFairTags';

/** Beside BullMQ's keys, below the queue's own prefix, and so in the same slot of a cluster. */
const KEYS = ['prioritized', 'tenancy-fair', 'tenancy-fair-lanes'] as const;

/** A week: nobody has added to the queue since. */
const FORGOTTEN_AFTER = 7 * 24 * 3_600_000;

/**
 * KEYS: BullMQ's own sorted set of waiting jobs (score: priority * 2^32 + a counter), a hash, a sorted set of lanes by the tag that is next.
 * ARGV: milliseconds until what was issued has arrived, the last priority, milliseconds until all is forgotten; then lane, count and step of each.
 */
const LUA = `
local waiting, clock, lanes = KEYS[1], KEYS[2], KEYS[3]
local settledAfter, last, forgottenAfter = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local state = redis.call('HMGET', clock, 'virtual', 'issued', 'older', 'settled', 'turned', 'asked')
local virtual, issued = tonumber(state[1]) or 1, tonumber(state[2]) or 1
local older, settled = tonumber(state[3]) or 1, tonumber(state[4]) or 1
local turned, asked = tonumber(state[5]) or now, tonumber(state[6]) or now

-- What was issued a while ago has reached the queue; what was issued just now may be on its way.
if now - asked >= settledAfter then
  older, settled, turned = issued, issued, now
elseif now - turned >= settledAfter then
  older, settled, turned = issued, older, now
end

local head = redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES')
if head[2] then
  virtual = math.max(virtual, math.min(math.floor(head[2] / 4294967296), last))
elseif settled >= issued then
  virtual, issued, older, settled = 1, 1, 1, 1
else
  virtual = math.max(virtual, settled)
end
redis.call('ZREMRANGEBYSCORE', lanes, '-inf', string.format('%.17g', virtual))
if not head[2] and issued == 1 then redis.call('DEL', lanes) end

local starts = {}
for i = 4, #ARGV, 3 do
  local start = math.max(virtual, tonumber(redis.call('ZSCORE', lanes, ARGV[i])) or 0)
  local following = math.min(start + ARGV[i + 1] * ARGV[i + 2], last)
  redis.call('ZADD', lanes, string.format('%.17g', following), ARGV[i])
  issued = math.max(issued, following)
  starts[#starts + 1] = string.format('%.17g', start)
end
redis.call('HSET', clock, 'virtual', string.format('%.17g', virtual), 'issued', string.format('%.17g', issued),
  'older', string.format('%.17g', older), 'settled', string.format('%.17g', settled),
  'turned', string.format('%.17g', turned), 'asked', string.format('%.17g', now))
redis.call('PEXPIRE', clock, forgottenAfter)
redis.call('PEXPIRE', lanes, forgottenAfter)
return starts
`;

/** Start tags from one atomic script, over the queue's own client. */
export function redisTags({ client, prefix }: RedisBackend, queue: string): Tags {
  client.defineCommand(COMMAND, { numberOfKeys: KEYS.length, lua: LUA });
  const keys = KEYS.map((key) => `${prefix}:${queue}:${key}`);
  return async (asked) => {
    const lanes = asked.flatMap(({ lane, count, step }) => [lane, count, step]);
    const starts = await run(client, [...keys, SETTLED_AFTER, LAST_PRIORITY, FORGOTTEN_AFTER, ...lanes]);
    return (starts as string[]).map(Number);
  };
}

function run(client: RedisClient, args: unknown[]): Promise<unknown> {
  if (client.runCommand) return client.runCommand(COMMAND, args);
  return (client as unknown as Record<string, (args: unknown[]) => Promise<unknown>>)[COMMAND]?.(
    args,
  ) as Promise<unknown>;
}
