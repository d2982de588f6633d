do -- its names are its own: Lua has room for 200 in one block
-- Answers to offers. Arguments: 1 operation, 2 agent, 3 conversation, 4 fence.
local OFFER = 'trunkline.offer.'

-- Why an offer cannot be answered: another of those it was made to was quicker, or whatever else became of it.
local function no_more(c, a)
  local taken = c.fence == a[4] and c.owner ~= '' and c.owner ~= a[2] and limits(c).asks > 1
  return refused(taken and 'taken' or 'gone', c.status)
end

-- The offered conversation when this very offer is still open to this agent; else nil and why not.
local function pending(a)
  local c = conversation(a[3])
  if not c then return nil, refused('unknown') end
  if c.status ~= 'offered' or c.fence ~= a[4] or not listed(c.offered_to, a[2]) then return nil, no_more(c, a) end
  if num(c.deadline) <= NOW then return nil, refused('late') end
  return c
end

verbs.accept = function(a)
  local c, why = pending(a)
  if not c then return remember(a[1], why) end
  untimer(shard_of(c.id), 'offer|' .. c.id .. '|' .. c.fence)
  local sender, others = c.keeps, c.offered_to ~= a[2] and outrun(c, a[2]) or ''
  if asks_several(c) then
    move_back(a[2])
    c.reason = '' -- it was said of those who are out of it
  end
  own(c, a[2])
  c.offered_to, c.deadline, c.keeps = '', '0', ''
  redis.call('HSET', P .. 'a:' .. a[2], 'missed', '0')
  local id = commit(c, OFFER .. 'accepted.v1', { operation = a[1], agents = concerned(a[2], sender) })
  if sender ~= '' and sender ~= a[2] then release(sender, c); pull(sender) end
  pull_each(others)
  return remember(a[1], done(c, id))
end

-- 5 reason. Not to this agent again until every eligible agent has declined, then after the queue's time.
verbs.decline = function(a)
  local c, why = pending(a)
  if not c then return remember(a[1], why) end
  local asked, sender, several = c.offered_to, c.keeps, asks_several(c)
  redis.call('SADD', P .. 'cd:' .. c.id, a[2])
  redis.call('SADD', P .. 'ad:' .. a[2], c.id)
  drop(c, a[2], a[5])
  if several then move_back(a[2]) end
  local id = commit(c, OFFER .. 'declined.v1', { operation = a[1], agents = concerned(asked, sender) })
  timer(shard_of(c.id), 'again|' .. c.id, NOW + limits(c).again)
  after_fall_back(c)
  pull(a[2])
  return remember(a[1], done(c, id))
end

-- The client showed the offer: only then can it count as missed by this agent. Changes no version.
verbs.shown = function(a)
  local c, why = pending(a)
  if not c then return why end
  local others = c.shown == c.fence and without(c.shown_to or '', a[2]) or ''
  redis.call('HSET', P .. 'c:' .. c.id, 'shown', c.fence, 'shown_to', concerned(others, a[2]))
  return { 'ok', '', '', c.version, c.id }
end

local function go_away(a, reason)
  a.presence, a.reason, a.missed = 'away', reason, '0'
  keep_presence(a, 'presence', a.presence, 'reason', a.reason, 'missed', '0')
  tell_agent(a, 'trunkline.agent.presence-changed.v1', {})
  wait_no_more_for(a)
  withdraw_offers(a.id, 'away')
end

local function miss(name, most)
  local a = agent(name)
  if not a then return end
  a.missed = redis.call('HINCRBY', P .. 'a:' .. name, 'missed', 1)
  if a.missed >= most then go_away(a, 'missed') end
end

-- Nobody answered in time. Missed offers count only if shown, and send the agent away after the queue's number.
timers.offer = function(p, id, fence)
  local c = conversation(id)
  if not c or c.status ~= 'offered' or c.fence ~= fence or num(c.deadline) > NOW then return end
  local asked, saw, sender = c.offered_to, c.shown == fence and c.shown_to or '', c.keeps
  local several = asks_several(c)
  unoffer(c)
  if several then for name in each(asked) do move_back(name) end end
  fall_back(c, 'expired')
  commit(c, OFFER .. 'expired.v1', { agents = concerned(asked, sender) })
  for name in each(asked) do if listed(saw, name) then miss(name, limits(c).missed) end end
  after_fall_back(c)
  pull_each(asked)
end

-- Who declined becomes eligible again once every eligible agent has declined; until then the line waits for the rest.
timers.again = function(p, id)
  local c = conversation(id)
  if not c or c.status == 'closed' then return end
  -- While it is offered nothing is forgotten: should that come to nothing, those who declined are who is left. What
  -- somebody has is in no line; when it comes to one again, everybody may be asked.
  local left = c.status == 'queued' and #redis.call('SDIFF', P .. 'e:' .. c.requirement, P .. 'cd:' .. id) > 0
  if left or c.status == 'offered' then timer(p, 'again|' .. id, NOW + limits(c).again); return end
  forget_declines(c)
  if c.status == 'queued' then claim(c) end
end
end
