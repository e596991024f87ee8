/** The sorted set that has the id of each tenant whose turns are known. */
export const LANES = 'tenancy-fair-lanes';

/** Beside BullMQ's keys, below the queue's own prefix, and so in the same slot of a cluster. */
export const KEYS = ['prioritized', 'active', 'tenancy-fair', LANES] as const;

/**
 * Start-time fair queueing (Goyal, Vin, Cheng: SIGCOMM 1996) in whole numbers: a job's place is `max(virtual time, its tenant's next)`, rounded down, and
 * its tenant's next one is so much later as its weight says. Within one priority BullMQ is first in, first out.
 *
 * KEYS: BullMQ's sorted set of waiting jobs (score: priority * 2^32 + a counter) and its list of active ones, the latest first; a hash, and a sorted
 * set of tenants by their next tag. ARGV: moved down from, at once, last tag, milliseconds until all is forgotten, prefix of the jobs' keys.
 * The same in SQL: postgres-schema.ts.
 */
export const LUA = `
local waiting, active, clock, lanes = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local movedDownFrom, atOnce, last = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local forgottenAfter, jobs = ARGV[4], ARGV[5]
local UNIT = 4294967296
local call, floor, max, min = redis.call, math.floor, math.max, math.min
local function exact(number) return string.format('%.17g', number) end

local state = call('HMGET', clock, 'virtual', 'issued', 'down')
local virtual, issued = tonumber(state[1]) or 1, tonumber(state[2])
-- While tags are moved down: by how much. Greater ones have not been moved yet.
local down = tonumber(state[3]) or 0
if down == 0 and issued and not call('ZREVRANGEBYSCORE', waiting, '+inf', exact((floor(issued) + 1) * UNIT), 'LIMIT', 0, 1)[1] then
  return 0
end
if not issued then
  -- Priorities of a queue that had no turns before stay as they are.
  local tail = call('ZREVRANGEBYSCORE', waiting, exact((last + 1) * UNIT - 1), '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
  issued = tail[2] and max(floor(tail[2] / UNIT), 1) or 1
end

-- The tag of the job that was started last; where none runs, of the one that is next.
local current
for _, id in ipairs(call('LRANGE', active, 0, 9)) do
  local tag = tonumber(call('HGET', jobs .. id, 'priority')) or 0
  if tag > 0 and tag <= issued then
    current = tag
    break
  end
end
if not current then
  local head = call('ZRANGE', waiting, 0, 0, 'WITHSCORES')[2]
  head = head and floor(head / UNIT)
  if head and head <= issued then current = head end
end
if current then
  virtual = max(virtual, current)
elseif down == 0 then
  virtual, issued = 1, 1
  call('DEL', lanes)
end

local function place(id, score, tag, scores)
  scores[#scores + 1] = exact(tag * UNIT + score % UNIT)
  scores[#scores + 1] = id
  if call('EXISTS', jobs .. id) == 1 then call('HSET', jobs .. id, 'priority', tag) end
end

if down == 0 and virtual > movedDownFrom then
  down = floor(virtual) - 1
  virtual, issued = virtual - down, max(issued - down, 1)
  for _, id in ipairs(call('LRANGE', active, 0, -1)) do
    local tag = tonumber(call('HGET', jobs .. id, 'priority')) or 0
    if tag > 0 and tag <= last then call('HSET', jobs .. id, 'priority', max(tag - down, 1)) end
  end
end

local scores, more = {}, 0
if down > 0 then
  -- From below, so that their order never changes.
  local some = call('ZRANGEBYSCORE', waiting, exact((down + 1) * UNIT), exact((last + 1) * UNIT - 1), 'WITHSCORES', 'LIMIT', 0, atOnce)
  for i = 1, #some, 2 do place(some[i], some[i + 1], floor(some[i + 1] / UNIT) - down, scores) end
  more = 1
  if #some < atOnce * 2 then
    local rest = call('ZRANGE', lanes, 0, -1, 'WITHSCORES')
    for i = 1, #rest, 2 do call('ZADD', lanes, exact(rest[i + 1] - down), rest[i]) end
    down = 0
  end
else
  -- What has no place yet, or one of a time that is over.
  call('ZREMRANGEBYSCORE', lanes, '-inf', exact(virtual))
  local some = call('ZRANGEBYSCORE', waiting, exact((floor(issued) + 1) * UNIT), '+inf', 'WITHSCORES', 'LIMIT', 0, atOnce)
  local nexts = {}
  for i = 1, #some, 2 do
    local step, lane = string.match(call('HGET', jobs .. some[i], 'opts') or '', '"tenancyTurn":"(%S+) ([%w_-]*)"')
    step, lane = tonumber(step) or 1, lane or ''
    if not (step > 0 and step < 1e99) then step = 1 end
    local start = min(nexts[lane] or max(virtual, tonumber(call('ZSCORE', lanes, lane)) or 0), last)
    nexts[lane] = min(start + step, last)
    issued = max(issued, nexts[lane])
    place(some[i], some[i + 1], floor(start), scores)
  end
  for lane, tag in pairs(nexts) do call('ZADD', lanes, exact(tag), lane) end
  if #some == atOnce * 2 then more = 1 end
end
if #scores > 0 then call('ZADD', waiting, 'XX', unpack(scores)) end

call('HSET', clock, 'virtual', exact(virtual), 'issued', exact(issued), 'down', exact(down))
call('PEXPIRE', clock, forgottenAfter)
call('PEXPIRE', lanes, forgottenAfter)
return more
`;
