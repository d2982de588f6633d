-- Who is there, for people. Never asked for routing; changes nothing.

-- Ids of all present agents.
verbs.present = function() return { 'ok', redis.call('SMEMBERS', P .. 'agents') } end

-- 1… agents, none for everybody. Of each that is present: id, presence, reason, capacity, load, missed, since, '1' if it
-- drains, until when it ramps up, when its next turn is.
verbs.attendance = function(a)
  local found = {}
  for _, name in ipairs(#a > 0 and a or redis.call('SMEMBERS', P .. 'agents')) do
    local it = redis.call('HMGET', P .. 'a:' .. name, 'presence', 'reason', 'capacity', 'load', 'missed', 'since',
      'draining', 'ramp_until', 'turn_at')
    if it[1] and it[1] ~= 'offline' then
      local line = { name }
      for place = 1, 9 do line[place + 1] = it[place] or '' end
      found[#found + 1] = line
    end
  end
  return { 'ok', found }
end

-- 1… agents. Of each, in that order: how many of its conversations weigh less because their customers are silent.
verbs.quieted = function(a)
  local found = {}
  for place, name in ipairs(a) do
    found[place] = 0
    for _, id in ipairs(redis.call('SMEMBERS', P .. 'ac:' .. name)) do
      if num(redis.call('HGET', P .. 'c:' .. id, 'relief')) > 0 then found[place] = found[place] + 1 end
    end
  end
  return { 'ok', found }
end
