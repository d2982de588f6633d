-- Queues that a supervisor has shut: what waits in them keeps its place, and nobody satisfies its requirement sets.
local SHUT -- queue → ms until when it is shut, '0' until somebody opens it; read once in a call
function forget.shut() SHUT = nil end

local function shut_until(queue)
  SHUT = SHUT or map(P .. 'shut')
  return SHUT[queue]
end

-- A requirement set is shut with the queue where it waits: the first of those whose agents will do.
local function waits_in(id) return string.match(id, '^[^+|]+') end

local function sets_of(queue)
  local found = {}
  for _, id in ipairs(redis.call('ZRANGE', P .. 'requirements', 0, -1)) do
    if waits_in(id) == queue then found[#found + 1] = id end
  end
  return found
end

local function is_shut(id) return shut_until(waits_in(id)) ~= nil end
