do -- its names are its own: Lua has room for 200 in one block
-- Shutting a queue, and opening it again. What it comes to is in the log of the queue's own shard.
local MOST_AT_ONCE = 100 -- conversations told of it in one tick

local function for_agents(f)
  for _, name in ipairs(redis.call('SMEMBERS', P .. 'agents')) do f(name) end
end

local function telling(queue) return P .. 'telling:' .. queue end

local function shut(p, queue, till)
  redis.call('HSET', P .. 'shut', queue, till)
  SHUT, FLOOR = nil, {}
  untimer(p, 'open|' .. queue)
  if num(till) > 0 then timer(p, 'open|' .. queue, num(till)) end
  local sets = sets_of(queue)
  for _, id in ipairs(sets) do
    redis.call('DEL', P .. 'e:' .. id, P .. 'f:' .. id)
    redis.call('ZUNIONSTORE', telling(queue), 2, telling(queue), P .. 'w:' .. id)
  end
  if #sets > 0 then for_agents(function(name) redis.call('HDEL', P .. 'ap:' .. name, unpack(sets)) end) end
  SATISFIED = {}
  timer(p, 'tell|' .. queue, NOW)
end

-- Open it: who satisfies its requirement sets may take what waits, at once.
local function unshut(p, queue)
  redis.call('HDEL', P .. 'shut', queue)
  redis.call('DEL', telling(queue))
  SHUT, FLOOR = nil, {}
  untimer(p, 'open|' .. queue)
  untimer(p, 'tell|' .. queue)
  local sets = sets_of(queue)
  for_agents(function(name)
    local m, skills = measure(agent(name)), map(P .. 'as:' .. name)
    for _, id in ipairs(sets) do
      if standing(skills, requirement(id)) == SATISFIES then join(m, id, skills, requirement(id)) end
    end
  end)
  for _, id in ipairs(sets) do
    for _, name in ipairs(redis.call('ZRANGE', P .. 'f:' .. id, 0, -1)) do
      if redis.call('ZCARD', P .. 'w:' .. id) > 0 then pull(name) end
    end
  end
end

-- 1 operation, 2 who says so, 3 shard-queue, 4 ms until when ('0' = until it is opened), 5 body. Shut already: until then.
verbs.shut = function(a)
  local p, queue = string.match(a[3], '^(%d+)%-(.+)$')
  if num(a[4]) > 0 and num(a[4]) <= NOW then return refused('past') end
  shut(p, queue, a[4])
  return remember(a[1], { 'ok', p, emit(p, 'trunkline.queue.shut.v1', queue, { operation = a[1], body = a[5] }), '', '' })
end

-- 1 operation, 2 who says so, 3 shard-queue, 4 body
verbs.unshut = function(a)
  local p, queue = string.match(a[3], '^(%d+)%-(.+)$')
  if not shut_until(queue) then return refused('gone') end
  local id = emit(p, 'trunkline.queue.opened.v1', queue, { operation = a[1], body = a[4] })
  unshut(p, queue)
  return remember(a[1], { 'ok', p, id, '', '' })
end

-- Its time is over.
timers.open = function(p, queue)
  local till = num(shut_until(queue))
  if till == 0 or till > NOW then return end
  emit(p, 'trunkline.queue.opened.v1', queue, { body = '{"queue":"' .. queue .. '","by":""}' })
  unshut(p, queue)
end

-- What waited when it was shut is told so, some at a time. A rebuild finds by their states who was not told.
timers.tell = function(p, queue)
  if not shut_until(queue) then return end
  local found = redis.call('ZPOPMIN', telling(queue), MOST_AT_ONCE)
  for i = 1, #found, 2 do
    local c = conversation(found[i])
    if c and c.queue == queue and c.status == 'queued' then
      wish(c, 'shut')
      keep(c)
    end
  end
  if #found > 0 then timer(p, 'tell|' .. queue, NOW) end
end

-- Every queue that is shut, and until when: queue, ms, queue, ms, …
verbs.shut_queues = function() return { 'ok', redis.call('HGETALL', P .. 'shut') } end
end
