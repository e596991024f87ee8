/** Beside BullMQ's keys, below the queue's own prefix, and so in the same slot of a cluster. */
export const KEYS = ['prioritized', 'tenancy-fair', 'tenancy-fair-lanes'] as const;

/**
 * KEYS: BullMQ's sorted set of waiting jobs (score: priority * 2^32 + a counter), a hash, a sorted set of tenants by their next tag.
 * ARGV: settled after, moved down from, at once, last tag, milliseconds until all is forgotten, prefix of the jobs' keys; then for each who asks:
 * lane, count, step. The same in SQL: postgres-schema.ts.
 */
export const LUA = `
local waiting, clock, lanes = KEYS[1], KEYS[2], KEYS[3]
local settledAfter, movedDownFrom, atOnce, last = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local forgottenAfter, jobs = ARGV[5], ARGV[6]
local UNIT = 4294967296
local call, floor, max, min = redis.call, math.floor, math.max, math.min
local function exact(number) return string.format('%.17g', number) end

local time = call('TIME')
local now = time[1] * 1000 + floor(time[2] / 1000)
local state = call('HMGET', clock, 'virtual', 'issued', 'older', 'settled', 'turned', 'asked', 'down')
local virtual, issued, older = tonumber(state[1]) or 1, tonumber(state[2]), tonumber(state[3]) or 1
local settled, turned, asked = tonumber(state[4]) or 1, tonumber(state[5]) or now, tonumber(state[6]) or now
-- While tags are moved down: by how much. Greater ones have not been moved yet.
local down = tonumber(state[7]) or 0
if not issued then
  -- Priorities of a queue that had no turns before stay as they are.
  local tail = call('ZREVRANGEBYSCORE', waiting, exact((last + 1) * UNIT - 1), '-inf', 'WITHSCORES', 'LIMIT', 0, 1)
  issued = tail[2] and max(floor(tail[2] / UNIT), 1) or 1
end

-- What was issued a while ago has reached the queue; what was issued just now may be on its way.
if now - asked >= settledAfter then
  older, settled, turned = issued, issued, now
elseif now - turned >= settledAfter then
  older, settled, turned = issued, older, now
end

local head = call('ZRANGE', waiting, 0, 0, 'WITHSCORES')[2]
head = head and floor(head / UNIT)
if head and head > issued then head = nil end
if not head and down == 0 and settled >= issued then
  virtual, issued, older, settled = 1, 1, 1, 1
  call('DEL', lanes)
elseif not head then
  virtual = max(virtual, settled)
else
  virtual = max(virtual, head)
end

local function moved(id, score, tag)
  call('ZADD', waiting, exact(tag * UNIT + score % UNIT), id)
  if call('EXISTS', jobs .. id) == 1 then call('HSET', jobs .. id, 'priority', tag) end
end

if down == 0 and virtual > movedDownFrom then
  down = floor(virtual) - 1
  virtual, issued, older, settled = virtual - down, max(issued - down, 1), max(older - down, 1), max(settled - down, 1)
end
local boundary
if down > 0 then
  -- From below, so that their order never changes.
  local bottom, top = exact((down + 1) * UNIT), exact((last + 1) * UNIT - 1)
  local some = call('ZRANGEBYSCORE', waiting, bottom, top, 'WITHSCORES', 'LIMIT', 0, atOnce)
  for i = 1, #some, 2 do moved(some[i], some[i + 1], floor(some[i + 1] / UNIT) - down) end
  boundary = call('ZRANGEBYSCORE', waiting, bottom, top, 'WITHSCORES', 'LIMIT', 0, 1)[2]
  if boundary then
    boundary = floor(boundary / UNIT)
  else
    local rest = call('ZRANGEBYSCORE', lanes, exact(down + 1), '+inf', 'WITHSCORES')
    for i = 1, #rest, 2 do call('ZADD', lanes, exact(rest[i + 1] - down), rest[i]) end
    down = 0
  end
end
call('ZREMRANGEBYSCORE', lanes, '-inf', exact(virtual))

local function place(lane, count, step)
  local start = tonumber(call('ZSCORE', lanes, lane)) or 0
  local limit = last
  if down > 0 then
    if start > down and start < boundary then start = start - down end
    if start <= down then limit = down end
  end
  start = min(max(virtual, start), limit)
  local following = min(start + count * step, limit)
  call('ZADD', lanes, exact(following), lane)
  issued = max(issued, following > down and following - down or following)
  return start
end

local more = boundary and 1 or 0
if down == 0 then
  -- What has no place yet, because it was not to run before, or one of a time that is over.
  local due = call('ZRANGEBYSCORE', waiting, exact((floor(issued) + 1) * UNIT), '+inf', 'WITHSCORES', 'LIMIT', 0, atOnce)
  for i = 1, #due, 2 do
    local opts = call('HGET', jobs .. due[i], 'opts')
    local known, decoded = pcall(cjson.decode, opts or '{}')
    local turn = known and type(decoded) == 'table' and type(decoded.tenancyTurn) == 'string' and decoded.tenancyTurn or '1 '
    local step, lane = string.match(turn, '^(%S+) (.*)$')
    step = tonumber(step) or 1
    moved(due[i], due[i + 1], floor(place(lane or '', 1, step > 0 and step < 1e99 and step or 1)))
  end
  if #due == atOnce * 2 then more = 1 end
end

local starts = {}
for i = 7, #ARGV, 3 do
  starts[#starts + 1] = exact(place(ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])))
end
call('HSET', clock, 'virtual', exact(virtual), 'issued', exact(issued), 'older', exact(older), 'settled', exact(settled),
  'turned', exact(turned), 'asked', #starts > 0 and exact(now) or exact(asked), 'down', exact(down))
call('PEXPIRE', clock, forgottenAfter)
call('PEXPIRE', lanes, forgottenAfter)
return { more, starts }
`;
