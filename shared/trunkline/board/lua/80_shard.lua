-- What a shard's owner does. Arguments: 1 shard, 2 term.

-- 3 id of the last relayed entry, 4 most entries, 5 trim before this id ('' = not). The last relayed entry is the
-- witness that this board is the one the log was written from: without it the board is stale (rule 3).
verbs.outbox = function(a)
  local p, last = a[1], a[3]
  if fenced(p, a[2]) then return { 'fenced' } end
  if redis.call('HGET', D .. 'verified', p) ~= TOKEN then return { 'unverified' } end
  local key = P .. 'o:' .. p
  if #redis.call('XRANGE', key, last, last) == 0 then return { 'lost' } end
  if a[5] ~= '' then redis.call('XTRIM', key, 'MINID', a[5]) end
  redis.call('HSET', P .. 'relayed', p, last)
  RELAYED[p] = last
  local entries = redis.call('XRANGE', key, '(' .. last, '+', 'COUNT', a[4])
  if #entries == 0 then redis.call('HDEL', P .. 'behind', p)
  else redis.call('HSET', P .. 'behind', p, select(6, string.match(entries[1][2][2],
    '^([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(%d+)'))) end
  return { 'ok', entries, applied(p) }
end

-- 3 the last relayed id, 4 the server's replication id read before the pen was taken, 5 shards in all (rule 4)
verbs.verify = function(a)
  if fenced(a[1], a[2]) then return { 'fenced' } end
  if a[4] ~= REPLICATION then return { 'moved' } end
  if #redis.call('XRANGE', P .. 'o:' .. a[1], a[3], a[3]) == 0 then return { 'lost' } end
  if redis.call('GET', P .. 'layout') ~= LAYOUT then return { 'lost' } end
  redis.call('HSET', D .. 'verified', a[1], TOKEN)
  for p = 0, num(a[5]) - 1 do
    if redis.call('HGET', D .. 'verified', p) ~= TOKEN then return { 'ok', 'waiting', applied(a[1]) } end
  end
  redis.call('SET', D .. 'gate', TOKEN)
  return { 'ok', 'open', applied(a[1]) }
end

-- 3 most timers to run. Answers how many ran, when the next is due, what broke, and what is to be said.
verbs.tick = function(a)
  local p = a[1]
  if fenced(p, a[2]) then return { 'fenced' } end
  local key, broken = P .. 'timers:' .. p, {}
  TO_SAY = {}
  local due = redis.call('ZRANGEBYSCORE', key, '-inf', int(NOW), 'LIMIT', 0, a[3])
  for n, name in ipairs(due) do
    redis.call('ZREM', key, name)
    local kind, id, extra = string.match(name, '^(%a+)|([^|]+)|?(.*)$')
    ITEM = NONCE .. '/' .. p .. '/' .. n
    local fine, problem = pcall(timers[kind], p, id, extra)
    if not fine then broken[#broken + 1] = name .. ': ' .. tostring(type(problem) == 'table' and problem.err or problem) end
  end
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return { 'ok', int(#due), first[2] or '', int(NOW), broken, TO_SAY }
end

-- 3 lease ms. After a pause of board or relay nobody is punished for it: deadlines and leases of this shard get one
-- full period.
verbs.spare = function(a)
  local p = a[1]
  if fenced(p, a[2]) then return { 'fenced' } end
  local spared = 0
  for _, name in ipairs(redis.call('ZRANGE', P .. 'timers:' .. p, 0, -1)) do
    local kind, id = string.match(name, '^(%a+)|([^|]+)')
    if kind == 'offer' then
      local c = conversation(id)
      if c and c.status == 'offered' then
        local till = NOW + limits(c).offer
        redis.call('HSET', P .. 'c:' .. id, 'deadline', int(till))
        timer(p, name, till)
        spared = spared + 1
      end
    elseif kind == 'lease' then
      for _, device in ipairs(redis.call('ZRANGE', P .. 'd:' .. id, 0, -1)) do
        redis.call('ZADD', P .. 'd:' .. id, 'GT', int(NOW + num(a[3])), device)
      end
      timer(p, name, NOW + num(a[3]))
      spared = spared + 1
    end
  end
  return { 'ok', int(spared) }
end

-- 1 shard, 2 term: every waiting head that a free agent could take. Nothing should be found; what is, is counted.
verbs.sweep = function(a)
  if fenced(a[1], a[2]) then return { 'fenced' } end
  local found = 0
  forget_requirements()
  for _, id in ipairs(redis.call('ZRANGE', P .. 'requirements', 0, -1)) do
    for _, name in ipairs(redis.call('ZRANGE', P .. 'f:' .. id, 0, 15)) do
      if head_for(name, declined_by(name), id) then found = found + 1; pull(name) end
    end
  end
  return { 'ok', int(found) }
end

-- Per requirement set: its id, how many wait, since when the longest waiting, when the first target ends, how many are
-- eligible, how many of them have room.
local function lines()
  local found = {}
  for _, id in ipairs(redis.call('ZRANGE', P .. 'requirements', 0, -1)) do
    local since = redis.call('ZRANGE', P .. 'since:' .. id, 0, 0, 'WITHSCORES')
    local target = redis.call('ZRANGE', P .. 'target:' .. id, 0, 0, 'WITHSCORES')
    found[#found + 1] = { id, redis.call('ZCARD', P .. 'w:' .. id), since[2] or '', target[2] or '',
      redis.call('SCARD', P .. 'e:' .. id), redis.call('ZCARD', P .. 'f:' .. id) }
  end
  return found
end

-- 1 most: how many open conversations have a clock that is over, and the longest over of them, flat as their hashes are.
verbs.late = function(a)
  local found = {}
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'clocks', '-inf', '(' .. int(NOW), 'LIMIT', 0, a[1])) do
    found[#found + 1] = redis.call('HGETALL', P .. 'c:' .. id)
  end
  return { 'ok', redis.call('ZCOUNT', P .. 'clocks', '-inf', '(' .. int(NOW)), found, int(NOW) }
end

verbs.lines = function() return { 'ok', lines(), int(NOW) } end

-- Figures for metrics: the lines, the time, agents by presence, the room that is left, who drains, and the queues that are
-- shut. Who is available and drains is counted as draining; who ramps up and has had this turn has no room.
verbs.survey = function()
  local presences, room = { available = 0, away = 0, draining = 0 }, 0
  for _, name in ipairs(redis.call('SMEMBERS', P .. 'agents')) do
    local it = redis.call('HMGET', P .. 'a:' .. name, 'presence', 'capacity', 'load', 'draining', 'turn_at')
    local how = it[1] == 'available' and it[4] == '1' and 'draining' or it[1]
    if how then presences[how] = (presences[how] or 0) + 1 end
    if how == 'available' and not it[5] then room = room + math.max(0, num(it[2]) - num(it[3])) end
  end
  return { 'ok', lines(), int(NOW), presences.available, presences.away, room, presences.draining,
    redis.call('HGETALL', P .. 'shut') }
end
