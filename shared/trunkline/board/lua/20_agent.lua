-- Agents: what they can do, their room, and the ordered sets that follow from both.
local function agent(id)
  local a = map(P .. 'a:' .. id)
  return a.id and a or nil
end

-- A requirement set's id says what it is: queue|channel|weight|skill:level,skill:level|skill:weight|policy; any of
-- `queue+queue` will do, empty ends are left out (trunkline.requirements).
local REQUIREMENTS = {} -- id → what it says, once read in this call

local function policy(text)
  local skill, flexibility, load, idle, turn = string.match(text, '^([^:]+):([^:]+):([^:]+):([^:]+):([^:]+)$')
  return { skill = num(skill), flexibility = num(flexibility), load = num(load), idle = num(idle), turn = num(turn) }
end

local function requirement(id)
  local r = REQUIREMENTS[id]
  if not r then
    local queue, channel, weight, skills, tail = string.match(id, '^([^|]*)|([^|]*)|(%d+)|([^|]*)(.*)$')
    local prefers, by = string.match(tail or '', '^|([^|]*)|?(.*)$')
    r = { queue = queue, channel = channel, weight = num(weight), skills = skills, prefers = prefers or '',
      policy = policy(by and by ~= '' and by or DEFAULT_POLICY) }
    REQUIREMENTS[id] = r
  end
  return r
end

local function satisfies(skills, r)
  local serves = skills['queue:*']
  for queue in string.gmatch(r.queue, '[^+]+') do serves = serves or skills['queue:' .. queue] end
  if not serves then return false end
  for skill, level in string.gmatch(r.skills, '([^,:]+):(%d+)') do
    if num(skills[skill]) < num(level) then return false end
  end
  return true
end

-- The mean of the levels in what is asked for and, by its weight, preferred: 0 to 1.
local function proficiency(skills, r)
  local total, weight = 0, 0
  for skill in string.gmatch(r.skills, '([^,:]+):%d+') do total, weight = total + num(skills[skill]), weight + 1 end
  for skill, times in string.gmatch(r.prefers, '([^,:]+):(%d+)') do
    total, weight = total + num(times) * num(skills[skill]), weight + num(times)
  end
  return weight > 0 and total / weight / 10 or 0
end

-- What the agent's index adds up from. The lowest is taken first; trunkline.index says the same, and why.
local MINUTE = 60000
local function parts(a, r, skilled)
  local by = r.policy
  return { -by.skill * skilled, by.flexibility * num(a.flexibility), by.load * num(a.load) / num(a.capacity),
    by.idle * num(a.idle_since) / MINUTE, by.turn * num(a.assigned_at) / MINUTE }
end

local function index(a, r, skilled)
  local sum = 0
  for _, part in ipairs(parts(a, r, skilled)) do sum = sum + part end
  return string.format('%.17g', sum)
end

local function has_room(a, r) return num(a.load) + r.weight <= num(a.capacity) end

-- Among those with room for this requirement set, at the place that the agent's index says; or not among them.
local function rank(a, id, skilled)
  local r = requirement(id)
  if a.presence == 'available' and has_room(a, r) then
    redis.call('ZADD', P .. 'f:' .. id, index(a, r, num(skilled)), a.id)
  else
    redis.call('ZREM', P .. 'f:' .. id, a.id)
  end
end

-- What the agent satisfies, with the proficiency in each: requirement set → 0 to 1.
local function satisfied(a) return map(P .. 'ap:' .. a.id) end

-- The agent's room, load or time changed.
local function rerank(a)
  for id, skilled in pairs(satisfied(a)) do rank(a, id, skilled) end
end

-- The agent's presence changed, and with it whether they are eligible at all.
local function replace(a)
  local verb = a.presence == 'available' and 'SADD' or 'SREM'
  for id, skilled in pairs(satisfied(a)) do
    redis.call(verb, P .. 'e:' .. id, a.id)
    rank(a, id, skilled)
  end
end

local function join(a, id, skills, r)
  local skilled = string.format('%.17g', proficiency(skills, r))
  redis.call('HSET', P .. 'ap:' .. a.id, id, skilled)
  if a.presence == 'available' then redis.call('SADD', P .. 'e:' .. id, a.id) end
  rank(a, id, skilled)
end

local function part(a, id)
  redis.call('HDEL', P .. 'ap:' .. a.id, id)
  redis.call('SREM', P .. 'e:' .. id, a.id)
  redis.call('ZREM', P .. 'f:' .. id, a.id)
end

-- Which requirement sets the agent satisfies, anew from the skills kept.
local function reindex(a)
  local skills, before = map(P .. 'as:' .. a.id), satisfied(a)
  for _, id in ipairs(redis.call('ZRANGE', P .. 'requirements', 0, -1)) do
    local r = requirement(id)
    if satisfies(skills, r) then join(a, id, skills, r)
    elseif before[id] then part(a, id) end
  end
end

-- A requirement set is needed now. Seen for the first time: find who satisfies it, once.
local function register(id)
  if redis.call('ZADD', P .. 'requirements', int(NOW), id) == 0 then return end
  local r = requirement(id)
  for _, name in ipairs(redis.call('SMEMBERS', P .. 'agents')) do
    local skills = map(P .. 'as:' .. name)
    if satisfies(skills, r) then join(agent(name), id, skills, r) end
  end
end

-- Requirement sets that nothing waited in for so long are let go, a few at a time: each costs every agent something.
local UNUSED = 3600000
local function forget_requirements()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'requirements', '-inf', int(NOW - UNUSED), 'LIMIT', 0, 2)) do
    if redis.call('ZCARD', P .. 'w:' .. id) > 0 then
      redis.call('ZADD', P .. 'requirements', int(NOW), id)
    else
      redis.call('ZREM', P .. 'requirements', id)
      for _, name in ipairs(redis.call('SMEMBERS', P .. 'agents')) do redis.call('HDEL', P .. 'ap:' .. name, id) end
      redis.call('DEL', P .. 'e:' .. id, P .. 'f:' .. id)
    end
  end
end

-- Its presence is as it was: only its place changes.
local function keep_place(a, ...)
  redis.call('HSET', P .. 'a:' .. a.id, ...)
  rerank(a)
end

local function keep_presence(a, ...)
  redis.call('HSET', P .. 'a:' .. a.id, ...)
  replace(a)
end

-- What an agent's event says of the agent.
local function agent_state(a)
  return { id = a.id, presence = a.presence, reason = a.reason, capacity = a.capacity, load = a.load,
    profile = a.profile, missed = a.missed }
end

local function tell_agent(a, kind, e)
  return emit(a.shard, kind, a.id, { operation = e.operation, agents = a.id, body = e.body, state = agent_state(a) })
end

-- Hold room for a conversation, and give it back. Both are told to the ordered sets at once.
local function hold(name, c)
  redis.call('SADD', P .. 'ac:' .. name, c.id)
  local a = agent(name)
  if not a then return end
  a.load, a.idle_since, a.assigned_at = int(num(a.load) + num(c.weight)), int(NOW), int(NOW)
  keep_place(a, 'load', a.load, 'idle_since', a.idle_since, 'assigned_at', a.assigned_at)
end

local function release(name, c)
  if redis.call('SREM', P .. 'ac:' .. name, c.id) == 0 then return end
  local a = agent(name)
  if not a then return end
  a.load, a.idle_since = int(math.max(0, num(a.load) - num(c.weight))), int(NOW)
  keep_place(a, 'load', a.load, 'idle_since', a.idle_since)
end
