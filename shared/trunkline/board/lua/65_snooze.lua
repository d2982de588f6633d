-- Work put off, and work given by a supervisor's word. Arguments: 1 operation, 2 agent, 3 conversation.

-- 4 ms when to wake it, 5 body. Its room is free meanwhile; who snoozed it is asked first when it wakes, by time or
-- because the customer writes.
verbs.snooze = function(a)
  local c, why_not = owned(a)
  if not c then return remember(a[1], why_not) end
  if c.status == 'offered' then return refused('gone', c.status) end
  if num(a[4]) <= NOW then return refused('past') end
  untimer(shard_of(c.id), 'wrap|' .. c.id)
  release(a[2], c)
  forget_quiet(c)
  c.status, c.owner, c.last_agent, c.wrap_until, c.wake_at, c.reason = 'snoozed', '', a[2], '0', int(num(a[4])), ''
  clocks.rest(c)
  timer(shard_of(c.id), 'wake|' .. c.id, num(a[4]))
  local id = commit(c, KIND .. 'snoozed.v1', { operation = a[1], agents = concerned(a[2]), body = a[5] })
  pull(a[2])
  return remember(a[1], done(c, id))
end

local function awaken(c, operation)
  stir(c, 'woken')
  local id = commit(c, KIND .. 'woken.v1', { operation = operation, agents = concerned(c.last_agent) })
  claim_for(c, c.last_agent)
  return id
end

-- Sooner than it said: by who snoozed it.
verbs.wake = function(a)
  local c = conversation(a[3])
  if not c then return remember(a[1], refused('unknown')) end
  if c.status ~= 'snoozed' then return refused('gone', c.status) end
  if c.last_agent ~= a[2] then return remember(a[1], refused('not-yours', c.status)) end
  return remember(a[1], done(c, awaken(c, a[1])))
end

timers.wake = function(p, id)
  local c = conversation(id)
  if c and c.status == 'snoozed' and num(c.wake_at) <= NOW then awaken(c) end
end

-- 2 who says so, 4 to whom, 5 body. A supervisor's word: it needs no room, and ends whatever offer or line it was in.
verbs.assign = function(a)
  local c, to = conversation(a[3]), agent(a[4])
  if not c then return remember(a[1], refused('unknown')) end
  if c.status == 'closed' then return refused('gone', c.status) end
  if not to or to.presence == 'offline' then return refused('absent') end
  if c.status == 'active' and c.owner == a[4] then return refused('own') end
  local asked = take_back(c, 'assigned')
  local owner = c.owner
  local put_off = c.status == 'snoozed' and c.last_agent or ''  -- nobody's, but on the list of who waits for it
  leave_line(c)
  for _, name in ipairs({ 'wrap|', 'wake|', 'again|' }) do untimer(shard_of(c.id), name .. c.id) end
  if owner ~= a[4] then
    release(owner, c)
    hold(a[4], c)
  end
  own(c, a[4])
  if put_off ~= '' then clocks.wake(c) end
  c.keeps, c.reason, c.wrap_until, c.wake_at = '', 'assigned', '0', '0'
  local id = commit(c, KIND .. 'assigned.v1', { operation = a[1], agents = concerned(a[4], owner, without(asked, a[4]), put_off), body = a[5] })
  if owner ~= a[4] then pull(owner) end
  pull_each(asked)
  return remember(a[1], done(c, id))
end
