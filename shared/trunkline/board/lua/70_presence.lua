-- Presence by device lease. An agent is on the board while any device's lease runs.
local AGENT = 'trunkline.agent.'
local OWNER_LOST = 120000 -- ms an absent owner keeps the work

local function watch_leases(a)
  local first = redis.call('ZRANGE', P .. 'd:' .. a.id, 0, 0, 'WITHSCORES')
  if first[2] then timer(a.shard, 'lease|' .. a.id, num(first[2])) end
end

local function learn(name, skills, queues)
  redis.call('DEL', P .. 'as:' .. name)
  for skill, level in string.gmatch(skills, '([^,:]+):(%d+)') do redis.call('HSET', P .. 'as:' .. name, skill, level) end
  redis.call('HSET', P .. 'as:' .. name, 'agent.' .. name, '1')
  for queue in string.gmatch(queues, '([^,]+)') do redis.call('HSET', P .. 'as:' .. name, 'queue:' .. queue, '1') end
end

-- Count anew what an agent still holds, after an absence or a rebuild.
local function recount(it)
  for _, id in ipairs(redis.call('SMEMBERS', P .. 'ac:' .. it.id)) do
    local c = conversation(id)
    if c then take(it, c, 1) end
  end
end

-- 1 operation, 2 agent, 3 shard, 4 device, 5 lease ms, 6 presence wanted, 7 capacity, 8 profile version, 9 skills
-- (a:1,b:2), 10 queues (a,b), 11 body, 12 reason of the presence wanted, 13 '1' to go on draining, 14 how to ramp up. A
-- further device only prolongs; a newer profile replaces the older. Answers with the presence that is, its reason, and
-- '1' for who drains.
verbs.arrive = function(a)
  local name = a[2]
  redis.call('ZADD', P .. 'd:' .. name, int(NOW + num(a[5])), a[4])
  local known = agent(name)
  if known and known.presence ~= 'offline' then
    watch_leases(known)
    local told = { 'ok', known.shard, '', known.presence, '' }
    if num(a[8]) > num(known.profile) then
      told = verbs.set_profile({ a[1], name, a[7], a[8], a[9], a[10], a[11] })
    end
    told[5], told[6] = known.reason, known.draining or '0'
    return told
  end
  learn(name, a[9], a[10])
  local it = { id = name, shard = a[3], presence = a[6], reason = a[12] or '', capacity = a[7], profile = a[8], missed = '0',
    load = '0', idle_since = known and known.idle_since or int(NOW),
    assigned_at = known and known.assigned_at or int(NOW), since = int(NOW), draining = a[13] == '1' and '1' or nil }
  begin_ramp(it, a[14])
  local idle_since, assigned_at = it.idle_since, it.assigned_at
  redis.call('DEL', P .. 'a:' .. name)
  recount(it)
  it.idle_since, it.assigned_at = idle_since, assigned_at
  redis.call('HSET', P .. 'a:' .. name, unpack(flatten(it)))
  redis.call('SADD', P .. 'agents', name)
  untimer(it.shard, 'owner|' .. name)
  reindex(it, nil, map(P .. 'as:' .. name))
  watch_leases(it)
  local id = tell_agent(it, AGENT .. 'arrived.v1', { operation = a[1], body = a[11] })
  pull(name)
  return remember(a[1], { 'ok', it.shard, id, it.presence, it.reason, it.draining or '0' })
end

-- 1 agent, 2 device, 3 lease ms. Answers as arrive does. 'arrive' when the board does not know the device: come again.
verbs.heartbeat = function(a)
  local it = agent(a[1])
  if not it or it.presence == 'offline' or not redis.call('ZSCORE', P .. 'd:' .. a[1], a[2]) then return { 'arrive' } end
  redis.call('ZADD', P .. 'd:' .. a[1], int(NOW + num(a[3])), a[2])
  watch_leases(it)
  return { 'ok', '', '', it.presence, it.reason, it.draining or '0' }
end

-- 1 agent, 2 device, 3 ms of grace: the device says goodbye; another of the agent's may go on.
verbs.leave = function(a)
  local it = agent(a[1])
  if it and redis.call('ZSCORE', P .. 'd:' .. a[1], a[2]) then
    redis.call('ZADD', P .. 'd:' .. a[1], int(NOW + num(a[3])), a[2])
    watch_leases(it)
  end
  return { 'ok', '', '', '', '' }
end

-- 1 operation, 2 agent, 3 presence (available or away), 4 reason, 5 how to ramp up
verbs.set_presence = function(a)
  local it = agent(a[2])
  if not it or it.presence == 'offline' then return refused('absent') end
  if a[3] == 'available' and it.presence ~= 'available' then
    begin_ramp(it, a[5])
    if it.ramp_until then redis.call('HSET', P .. 'a:' .. it.id, 'ramp_until', it.ramp_until, 'ramp_gap', it.ramp_gap) end
  end
  it.presence, it.reason, it.missed, it.since = a[3], a[4], '0', int(NOW)
  keep_presence(it, 'presence', it.presence, 'reason', it.reason, 'missed', '0', 'since', it.since)
  local id = tell_agent(it, AGENT .. 'presence-changed.v1', { operation = a[1] })
  if it.presence == 'available' then
    pull(a[2])
  else
    wait_no_more_for(it)
    withdraw_offers(a[2], 'away')
  end
  return remember(a[1], { 'ok', it.shard, id, it.presence, '' })
end

-- Which profile of the roster the board has of each present agent: id, version, id, version, …
verbs.profiles = function()
  local found = {}
  for _, name in ipairs(redis.call('SMEMBERS', P .. 'agents')) do
    found[#found + 1] = name
    found[#found + 1] = redis.call('HGET', P .. 'a:' .. name, 'profile') or '0'
  end
  return { 'ok', found }
end

-- 1 operation, 2 agent, 3 capacity, 4 profile version, 5 skills, 6 queues, 7 body
verbs.set_profile = function(a)
  local it = agent(a[2])
  if not it then return refused('absent') end
  if num(a[4]) <= num(it.profile) then return { 'ok', it.shard, '', it.presence, '' } end
  local skills = P .. 'as:' .. a[2]
  local before = it.presence ~= 'offline' and map(skills) or nil
  learn(a[2], a[5], a[6])
  it.capacity, it.profile = a[3], a[4]
  redis.call('HSET', P .. 'a:' .. a[2], 'capacity', it.capacity, 'profile', it.profile)
  if before then reindex(it, before, map(skills)) end
  local id = tell_agent(it, AGENT .. 'profile-changed.v1', { operation = a[1], body = a[7] })
  pull(a[2])
  return remember(a[1], { 'ok', it.shard, id, it.presence, '' })
end

-- A rebuilt board does not honour offers it no longer remembers making.
timers.rescind = function(p, id, fence)
  local c = conversation(id)
  if not c or c.status ~= 'offered' or c.fence ~= fence then return end
  local asked = take_back(c, 'rebuilt')
  after_fall_back(c)
  pull_each(asked)
end

timers.lease = function(p, name)
  local it = agent(name)
  if not it then return end
  redis.call('ZREMRANGEBYSCORE', P .. 'd:' .. name, '-inf', int(NOW))
  if redis.call('ZCARD', P .. 'd:' .. name) > 0 then watch_leases(it); return end
  if it.presence == 'offline' then return end
  it.presence, it.reason, it.since = 'offline', '', int(NOW)
  keep_presence(it, 'presence', 'offline', 'reason', '', 'since', it.since)
  redis.call('SREM', P .. 'agents', name)
  wait_no_more_for(it)
  reindex(it, map(P .. 'as:' .. name), nil)
  tell_agent(it, AGENT .. 'left.v1', {})
  withdraw_offers(name, 'left')
  if redis.call('EXISTS', P .. 'ac:' .. name, P .. 'cs:' .. name) > 0 then timer(p, 'owner|' .. name, NOW + OWNER_LOST)
  else redis.call('DEL', P .. 'a:' .. name, P .. 'as:' .. name) end
end

-- The owner did not come back: the work waits again, with its age. Nor did who was consulted: they look on no more.
timers.owner = function(p, name)
  local it = agent(name)
  if it and it.presence ~= 'offline' then return end
  for _, id in ipairs(redis.call('SMEMBERS', P .. 'ac:' .. name)) do
    local c = conversation(id)
    if c and c.owner == name then
      local asked = take_back(c, 'owner_lost')
      untimer(shard_of(id), 'wrap|' .. id)
      release(name, c)
      stand_below(c)
      requeue(c, 'owner_lost')
      commit(c, KIND .. 'queued.v1', { agents = concerned(name) })
      claim(c)
      pull_each(asked)
    end
  end
  for _, id in ipairs(redis.call('SMEMBERS', P .. 'cs:' .. name)) do end_consultation(conversation(id), name, {}) end
  redis.call('DEL', P .. 'a:' .. name, P .. 'as:' .. name, P .. 'ac:' .. name)
end
