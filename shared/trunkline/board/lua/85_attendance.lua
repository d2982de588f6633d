-- Every agent on the board: id, presence, reason, capacity, load, missed, since.
verbs.attendance = function()
  local found = {}
  for _, name in ipairs(redis.call('SMEMBERS', P .. 'agents')) do
    local line = { name }
    local it = redis.call('HMGET', P .. 'a:' .. name, 'presence', 'reason', 'capacity', 'load', 'missed', 'since')
    for place = 1, 6 do line[place + 1] = it[place] or '' end
    if it[1] then found[#found + 1] = line end
  end
  return { 'ok', found, int(NOW) }
end
