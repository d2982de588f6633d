-- Agents: what they can do, their room, and the ordered sets that follow from both.
local function agent(id)
  local a = map(P .. 'a:' .. id)
  return a.id and a or nil
end

-- Is work given to this agent at all? Whether there is room is another question.
local function takes_work(a) return a.presence == 'available' and a.draining ~= '1' end

-- What room and place ask of an agent, as numbers, read once for all requirement sets: an agent may satisfy hundreds.
-- Beside work that wants the agent alone there is no room; who ramps up has none until the next turn.
local function measure(a)
  return { agent = a, takes = takes_work(a), none = num(a.alone) > 0 or a.turn_at ~= nil, load = num(a.load),
    firm = num(a.load) - num(a.soft), capacity = num(a.capacity) }
end

-- Room: within the capacity, and within what one agent may have of the channel. Work that gives way takes no room from
-- work that does not.
local function has_room(m, r)
  if m.none then return false end
  local taken = r.kind == 'i' and m.load or m.firm
  if r.kind == 'x' then return taken == 0 end
  if r.most > 0 and num(m.agent['in:' .. r.channel]) + r.weight > r.most then return false end
  return taken + r.weight <= m.capacity
end

-- The agent's index by this policy, given the proficiency.
local function index(m, by, skilled)
  if m.policy ~= by.text then m.policy, m.rest = by.text, by_rest(m.agent, by) end -- most sets name the same one
  return by_skill(by, skilled) + m.rest
end

local FLOOR -- requirement set → how many satisfy it and so on, read once: see 27_reasons
function forget.floor() FLOOR = {} end

-- Among those with room for this requirement set, at the place that the agent's index says; or not among them.
local function rank(m, id, skilled)
  local r = requirement(id)
  if m.takes and has_room(m, r) then
    redis.call('ZADD', P .. 'f:' .. id, index(m, r.policy, skilled), m.agent.id)
  else
    redis.call('ZREM', P .. 'f:' .. id, m.agent.id)
  end
end

-- What the agent satisfies, with the proficiency in each: requirement set → 0 to 1. Who walks through it may change it
-- on the way: a change is seen by the next who asks.
local SATISFIED -- agent → that, once read in this call
function forget.satisfied() SATISFIED = {} end

local function satisfied(a)
  local sets = SATISFIED[a.id]
  if not sets then
    sets = {}
    local flat = redis.call('HGETALL', P .. 'ap:' .. a.id)
    for i = 1, #flat, 2 do sets[flat[i]] = tonumber(flat[i + 1]) end
    SATISFIED[a.id] = sets
  end
  return sets
end

-- The agent's room, load or time changed.
local function rerank(a)
  local m = measure(a)
  for id, skilled in pairs(satisfied(a)) do rank(m, id, skilled) end
end

-- The agent's presence changed, or whether they drain, and with it whether they are eligible at all.
local function replace(a)
  FLOOR = {}
  local m = measure(a)
  for id, skilled in pairs(satisfied(a)) do
    redis.call(m.takes and 'SADD' or 'SREM', P .. 'e:' .. id, a.id)
    rank(m, id, skilled)
  end
end

local function join(m, id, skills, r)
  local name, skilled = m.agent.id, proficiency(skills, r)
  redis.call('HSET', P .. 'ap:' .. name, id, skilled)
  SATISFIED[name] = nil
  if m.takes then redis.call('SADD', P .. 'e:' .. id, name) end
  rank(m, id, skilled)
end

local function part(a, id)
  redis.call('HDEL', P .. 'ap:' .. a.id, id)
  SATISFIED[a.id] = nil
  redis.call('SREM', P .. 'e:' .. id, a.id)
  redis.call('ZREM', P .. 'f:' .. id, a.id)
end

-- How many present agents come how far in a requirement set: n:<id> counts those of standing 1, 2 and 3 or above.
local function count(id, before, after)
  for least = 1, SATISFIES do
    local change = (after >= least and 1 or 0) - (before >= least and 1 or 0)
    if change ~= 0 then redis.call('HINCRBY', P .. 'n:' .. id, least, change) end
  end
end

-- How the agent stands to each requirement set, anew. `before` are the skills counted so far, nil for who comes, and
-- `skills` those from now on, nil for who leaves.
local function reindex(a, before, skills)
  FLOOR = {}
  local m, satisfied_before = measure(a), satisfied(a)
  for _, id in ipairs(redis.call('ZRANGE', P .. 'requirements', 0, -1)) do
    local r = requirement(id)
    local now = skills and standing(skills, r) or 0
    count(id, before and standing(before, r) or 0, now)
    if now == SATISFIES and not is_shut(id) then join(m, id, skills, r)
    elseif satisfied_before[id] then part(a, id) end
  end
end

-- A requirement set is needed now. Seen for the first time: find who satisfies it, once.
local function register(id)
  if redis.call('ZADD', P .. 'requirements', int(NOW), id) == 0 then return end
  local r = requirement(id)
  for _, name in ipairs(redis.call('SMEMBERS', P .. 'agents')) do
    local skills = map(P .. 'as:' .. name)
    local now = standing(skills, r)
    count(id, 0, now)
    if now == SATISFIES and not is_shut(id) then join(measure(agent(name)), id, skills, r) end
  end
end

-- Requirement sets that nothing waited in for so long are let go, a few at a time: each costs every agent something.
local UNUSED = 3600000
local function forget_requirements()
  SATISFIED = {}
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'requirements', '-inf', int(NOW - UNUSED), 'LIMIT', 0, 2)) do
    if redis.call('ZCARD', P .. 'w:' .. id) > 0 then
      redis.call('ZADD', P .. 'requirements', int(NOW), id)
    else
      redis.call('ZREM', P .. 'requirements', id)
      for _, name in ipairs(redis.call('SMEMBERS', P .. 'agents')) do redis.call('HDEL', P .. 'ap:' .. name, id) end
      redis.call('DEL', P .. 'e:' .. id, P .. 'f:' .. id, P .. 'n:' .. id)
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
    profile = a.profile, missed = a.missed, draining = a.draining or '0', ramp_until = a.ramp_until or '0' }
end

local function tell_agent(a, kind, e)
  return emit(a.shard, kind, a.id, { operation = e.operation, agents = a.id, body = e.body, state = agent_state(a) })
end

-- What an agent's counters become by so much more weight of this kind, and by so many more that want the agent alone.
local function counted(a, r, weight, alone)
  local changed = { load = weight, ['in:' .. r.channel] = weight, soft = r.kind == 'i' and weight or nil,
    alone = r.kind == 'x' and alone or nil }
  for name, change in pairs(changed) do
    changed[name] = int(math.max(0, num(a[name]) + change))
    a[name] = changed[name]
  end
  return changed
end

-- What a conversation takes of an agent, added (1) or taken back (-1): all counters of it. `in_place`: it is not their work
-- (yet), and does not move them in the order of who is next.
local function take(a, c, sign, in_place)
  local changed = counted(a, requirement(c.requirement), sign * (num(c.weight) - num(c.relief)), sign)
  if not in_place then
    a.idle_since, a.assigned_at = int(NOW), sign > 0 and int(NOW) or a.assigned_at
    changed.idle_since, changed.assigned_at = a.idle_since, a.assigned_at
  end
  keep_place(a, unpack(flatten(changed)))
end

-- Hold room for a conversation, and give it back. Both are told to the ordered sets at once. Who is offered it while
-- ramping up has had this turn.
local function hold(name, c, offered, in_place)
  redis.call('SADD', P .. 'ac:' .. name, c.id)
  local a = agent(name)
  if a and offered and a.ramp_until then spend_turn(a) end
  if a then take(a, c, 1, in_place) end
end

local function release(name, c, in_place)
  if redis.call('SREM', P .. 'ac:' .. name, c.id) == 0 then return end
  local a = agent(name)
  if a then take(a, c, -1, in_place) end
end
