-- Answers to offers. Arguments: 1 operation, 2 agent, 3 conversation, 4 fence.
local OFFER = 'trunkline.offer.'

-- The offered conversation when this very offer is still open to this agent; else nil and why not.
local function pending(a)
  local c = conversation(a[3])
  if not c then return nil, refused('unknown') end
  if c.status ~= 'offered' or c.offered_to ~= a[2] or c.fence ~= a[4] then return nil, refused('gone', c.status) end
  if num(c.deadline) <= NOW then return nil, refused('late') end
  return c
end

verbs.accept = function(a)
  local c, why = pending(a)
  if not c then return remember(a[1], why) end
  untimer(shard_of(c.id), 'offer|' .. c.id .. '|' .. c.fence)
  local sender = c.keeps
  c.status, c.owner, c.last_agent, c.offered_to, c.deadline, c.keeps = 'active', a[2], a[2], '', '0', ''
  if num(c.front) > 0 then c.front = '0' end
  forget_declines(c)
  redis.call('HSET', P .. 'a:' .. a[2], 'missed', '0')
  local id = commit(c, OFFER .. 'accepted.v1', { operation = a[1], agents = concerned(a[2], sender) })
  if sender ~= '' and sender ~= a[2] then release(sender, c); pull(sender) end
  return remember(a[1], done(c, id))
end

-- 5 reason. Not to this agent again until every eligible agent has declined, then after the queue's time.
verbs.decline = function(a)
  local c, why = pending(a)
  if not c then return remember(a[1], why) end
  unoffer(c)
  redis.call('SADD', P .. 'cd:' .. c.id, a[2])
  redis.call('SADD', P .. 'ad:' .. a[2], c.id)
  local sender = c.keeps
  fall_back(c, a[5])
  local id = commit(c, OFFER .. 'declined.v1', { operation = a[1], agents = concerned(a[2], sender) })
  if c.status == 'queued' then timer(shard_of(c.id), 'again|' .. c.id, NOW + limits(c).again) end
  after_fall_back(c)
  pull(a[2])
  return remember(a[1], done(c, id))
end

-- The client showed the offer: only then can it count as missed. Changes no version.
verbs.shown = function(a)
  local c, why = pending(a)
  if not c then return why end
  redis.call('HSET', P .. 'c:' .. c.id, 'shown', c.fence)
  return { 'ok', '', '', c.version, c.id }
end

local function go_away(a, reason)
  a.presence, a.reason, a.missed = 'away', reason, '0'
  keep_presence(a, 'presence', a.presence, 'reason', a.reason, 'missed', '0')
  tell_agent(a, 'trunkline.agent.presence-changed.v1', {})
  wait_no_more_for(a)
end

-- Nobody answered in time. Missed offers count only if shown, and send the agent away after the queue's number.
timers.offer = function(p, id, fence)
  local c = conversation(id)
  if not c or c.status ~= 'offered' or c.fence ~= fence or num(c.deadline) > NOW then return end
  local name, shown, sender = c.offered_to, c.shown == fence, c.keeps
  unoffer(c)
  fall_back(c, 'expired')
  commit(c, OFFER .. 'expired.v1', { agents = concerned(name, sender) })
  local a = agent(name)
  if a and shown then
    a.missed = redis.call('HINCRBY', P .. 'a:' .. name, 'missed', 1)
    if a.missed >= limits(c).missed then go_away(a, 'missed') end
  end
  after_fall_back(c)
  pull(name)
end

-- Who declined becomes eligible again once every eligible agent has declined; until then the line waits for the rest.
timers.again = function(p, id)
  local c = conversation(id)
  if not c or c.status ~= 'queued' then return end
  local left = redis.call('SDIFF', P .. 'e:' .. c.requirement, P .. 'cd:' .. id)
  if #left > 0 then timer(p, 'again|' .. id, NOW + limits(c).again); return end
  forget_declines(c)
  claim(c)
end
