-- Agents: what they can do, their room, and the ordered sets that follow from both.
local function agent(id)
  local a = map(P .. 'a:' .. id)
  return a.id and a or nil
end

-- A requirement set's id says what it is: queue|channel|weight|skill:level,skill:level; any of `queue+queue` will do.
local function requirement(id)
  local queue, channel, weight, skills = string.match(id, '^([^|]*)|([^|]*)|(%d+)|(.*)$')
  return { queue = queue, channel = channel, weight = num(weight), skills = skills }
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

-- Put the agent into, or out of, one requirement set's eligible and free sets. Longest idle comes first.
local function place(a, id, weight)
  if a.presence == 'available' then
    redis.call('SADD', P .. 'e:' .. id, a.id)
    if num(a.load) + weight <= num(a.capacity) then
      redis.call('ZADD', P .. 'f:' .. id, a.idle_since, a.id)
      return
    end
  else
    redis.call('SREM', P .. 'e:' .. id, a.id)
  end
  redis.call('ZREM', P .. 'f:' .. id, a.id)
end

local function refresh(a)
  for _, id in ipairs(redis.call('SMEMBERS', P .. 'ar:' .. a.id)) do place(a, id, requirement(id).weight) end
end

-- Which requirement sets the agent satisfies, anew from the skills kept.
local function reindex(a)
  local skills = map(P .. 'as:' .. a.id)
  for _, id in ipairs(redis.call('SMEMBERS', P .. 'requirements')) do
    local r = requirement(id)
    if satisfies(skills, r) then
      redis.call('SADD', P .. 'ar:' .. a.id, id)
      place(a, id, r.weight)
    elseif redis.call('SREM', P .. 'ar:' .. a.id, id) == 1 then
      redis.call('SREM', P .. 'e:' .. id, a.id)
      redis.call('ZREM', P .. 'f:' .. id, a.id)
    end
  end
end

-- A requirement set seen for the first time: find who satisfies it, once.
local function register(id)
  if redis.call('SADD', P .. 'requirements', id) == 0 then return end
  local r = requirement(id)
  for _, name in ipairs(redis.call('SMEMBERS', P .. 'agents')) do
    if satisfies(map(P .. 'as:' .. name), r) then
      redis.call('SADD', P .. 'ar:' .. name, id)
      place(agent(name), id, r.weight)
    end
  end
end

local function keep_agent(a, ...)
  redis.call('HSET', P .. 'a:' .. a.id, ...)
  refresh(a)
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
  a.load, a.idle_since = int(num(a.load) + num(c.weight)), int(NOW)
  keep_agent(a, 'load', a.load, 'idle_since', a.idle_since)
end

local function release(name, c)
  if redis.call('SREM', P .. 'ac:' .. name, c.id) == 0 then return end
  local a = agent(name)
  if not a then return end
  a.load = int(math.max(0, num(a.load) - num(c.weight)))
  keep_agent(a, 'load', a.load)
end
