-- 1 operation, 2 agent (a supervisor), 3 conversation, 4 'front' or 'back', 5 body. What waits is moved before all that
-- is due, in every line it will wait in; or back to its own place. Its due time stays what it was, and once somebody
-- has accepted it nothing is left of this. Nobody who waits could have been served now, so nothing is to be matched.
verbs.reorder = function(a)
  local c = conversation(a[3])
  if not c then return remember(a[1], refused('unknown')) end
  if c.status ~= 'queued' then return refused('gone', c.status) end
  if a[4] == 'back' and num(c.front) == 0 then return refused('own') end
  leave_line(c)
  c.front = a[4] == 'front' and int(NOW) or '0'
  wait_in_line(c)
  return remember(a[1], done(c, commit(c, KIND .. 'reordered.v1', { operation = a[1], agents = '', body = a[5] })))
end

-- 1 queue, 2 most: for people. What waits in each of its requirement sets, in order, flat as the hashes are.
verbs.line = function(a)
  local found = {}
  for _, id in ipairs(sets_of(a[1])) do
    for _, name in ipairs(redis.call('ZRANGE', P .. 'w:' .. id, 0, num(a[2]) - 1)) do
      found[#found + 1] = redis.call('HGETALL', P .. 'c:' .. name)
    end
  end
  return { 'ok', found }
end
