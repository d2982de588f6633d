-- Asking a second agent to look on: they read all of it and write notes, take no room, and may take it over. Arguments:
-- 1 operation, 2 agent, 3 conversation.
local MOST_CONSULTED = 3

local function is_consulted(c, name) return listed(c.consulted or '', name) end

-- 4 whom, 5 body. By the owner; whoever is on the board may be asked, also who is away or has no room.
verbs.consult = function(a)
  local c, why = owned(a)
  if not c then return remember(a[1], why) end
  if c.status == 'offered' then return refused('gone', c.status) end
  if a[4] == a[2] then return refused('own') end
  local to = agent(a[4])
  if not to or to.presence == 'offline' then return refused('absent') end
  if is_consulted(c, a[4]) then return refused('asked') end
  local before = c.consulted or ''
  if select(2, string.gsub(before, '[^,]+', '')) >= MOST_CONSULTED then return refused('enough') end
  c.consulted = concerned(before, a[4])
  redis.call('SADD', P .. 'cs:' .. a[4], c.id)
  local id = commit(c, KIND .. 'consulted.v1', { operation = a[1], agents = concerned(a[2]), body = a[5] })
  return remember(a[1], done(c, id))
end

local function end_consultation(c, name, e)
  dismiss(c, name)
  return commit(c, KIND .. 'consultation-ended.v1', { operation = e.operation, agents = concerned(c.owner, name),
    body = '{"agent":"' .. name .. '","by":"' .. (e.by or '') .. '"}' })
end

-- 4 who is no longer consulted: said by the owner, or by themselves.
verbs.end_consult = function(a)
  local c = conversation(a[3])
  if not c then return remember(a[1], refused('unknown')) end
  if a[2] ~= a[4] and c.owner ~= a[2] then return refused('not-yours', c.status) end
  if not is_consulted(c, a[4]) then return refused('gone', c.status) end
  return remember(a[1], done(c, end_consultation(c, a[4], { operation = a[1], by = a[2] })))
end

-- 4 '1': by a supervisor, whatever room there is. To be asked is to be offered: who is consulted becomes the owner in
-- one move, the room goes with it, and all consultation is over.
verbs.take_over = function(a)
  local c = conversation(a[3])
  if not c then return remember(a[1], refused('unknown')) end
  if not is_consulted(c, a[2]) then return refused('gone', c.status) end
  local to, sender = agent(a[2]), c.owner
  if not to or to.presence == 'offline' then return refused('absent') end
  if a[4] ~= '1' and not has_room(measure(to), requirement(c.requirement)) then return refused('no-room') end
  untimer(shard_of(c.id), 'wrap|' .. c.id)
  release(sender, c)
  hold(a[2], c)
  c.status, c.owner, c.last_agent, c.wrap_until, c.reason = 'active', a[2], a[2], '0', 'taken-over'
  local id = commit(c, KIND .. 'taken-over.v1', { operation = a[1], agents = concerned(a[2], sender),
    body = '{"by":"' .. a[2] .. '","sender":"' .. sender .. '"}' })
  pull(sender)
  return remember(a[1], done(c, id))
end
